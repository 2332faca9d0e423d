//! What a mail said is removed, and the mail stays.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{email_of, ever_was, no_such_email};
use crate::commands::email::remove_content::{Refusal, RemoveContent};
use crate::http::Api;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSend};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::projections::emails::find;
use crate::values::{EmailId, TenantId};

/// What a mail said is not kept any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContentRemoved {
    #[schema(value_type = String, example = "msg_01h455vb4pex5vsknk084sn02q")]
    id: EmailId,
    content_removed: bool,
}

/// Removes the bodies and attachments of an email that has come to its end.
#[utoipa::path(delete, path = "/v1/emails/{id}/content", tag = "Emails",
    operation_id = "remove_content", params(("id" = String, Path)),
    responses((status = 200, body = ContentRemoved), (status = "4XX", body = ErrorBody)))]
pub async fn remove(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSend>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<ContentRemoved>, Problem> {
    removed(&api, &caller, (tenant, &id)).await
}

/// Removes the bodies and attachments of a tenant's email.
#[utoipa::path(delete, path = "/v1/tenants/{id}/emails/{email_id}/content", tag = "Emails",
    operation_id = "remove_content_for",
    params(("id" = String, Path), ("email_id" = String, Path)),
    responses((status = 200, body = ContentRemoved), (status = "4XX", body = ErrorBody)))]
pub async fn remove_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    _: NoQuery,
    path: Path<(String, String)>,
) -> Result<Json<ContentRemoved>, Problem> {
    ever_was(&api, tenant).await?;
    removed(&api, &caller, (tenant, &path.1)).await
}

async fn removed(
    api: &Api,
    caller: &Caller,
    (tenant, id): (TenantId, &str),
) -> Result<Json<ContentRemoved>, Problem> {
    let email = email_of(id)?;
    let store = api.commands.store();
    let found = find(store, tenant, email, None).await?.ok_or_else(no_such_email)?;
    if let Some(digest) = &found.content_digest {
        store.count_uses(tenant, digest).await?;
    }
    api.commands.run(&caller.context(), &RemoveContent { tenant, email }).await?;
    Ok(Json(ContentRemoved { id: email, content_removed: true }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_email(),
            Refusal::NotEnded => Self::conflict("not_ended", refusal.to_string()),
        }
    }
}
