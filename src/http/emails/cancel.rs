//! A mail is withdrawn before it leaves.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{email_of, ever_was, no_such_email};
use crate::commands::email::cancel_email::{Because, CancelEmail, Refusal};
use crate::http::Api;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSend};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::values::{EmailId, TenantId};

/// A mail was withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cancelled {
    #[schema(value_type = String, example = "msg_01h455vb4pex5vsknk084sn02q")]
    id: EmailId,
    #[schema(example = "cancelled")]
    status: &'static str,
}

/// Withdraws an email that has not started on its way.
#[utoipa::path(delete, path = "/v1/emails/{id}", tag = "Emails", params(("id" = String, Path)),
    responses((status = 200, body = Cancelled), (status = "4XX", body = ErrorBody)))]
pub async fn cancel(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSend>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<Cancelled>, Problem> {
    cancelled(&api, &caller, (tenant, &id)).await
}

/// Withdraws a tenant's email.
#[utoipa::path(delete, path = "/v1/tenants/{id}/emails/{email_id}", tag = "Emails",
    operation_id = "cancel_for", params(("id" = String, Path), ("email_id" = String, Path)),
    responses((status = 200, body = Cancelled), (status = "4XX", body = ErrorBody)))]
pub async fn cancel_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    _: NoQuery,
    path: Path<(String, String)>,
) -> Result<Json<Cancelled>, Problem> {
    ever_was(&api, tenant).await?;
    cancelled(&api, &caller, (tenant, &path.1)).await
}

async fn cancelled(
    api: &Api,
    caller: &Caller,
    (tenant, id): (TenantId, &str),
) -> Result<Json<Cancelled>, Problem> {
    let email = email_of(id)?;
    let command = CancelEmail { tenant, email, reason: Because::Asked };
    api.commands.run(&caller.context(), &command).await?;
    Ok(Json(Cancelled { id: email, status: "cancelled" }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_email(),
            Refusal::AlreadyStarted => Self::conflict("already_started", refusal.to_string()),
        }
    }
}
