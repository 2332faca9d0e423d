//! One email with its recipients and its timeline.

use axum::Json;
use axum::extract::{Path, State};

use super::view::{ContentView, EmailDetails};
use super::{email_of, ever_was, no_such_email};
use crate::http::Api;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSeeEmails};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::projections::emails::{Details, find};
use crate::values::{EmailContent, Permission, TenantId};

/// Shows an email.
#[utoipa::path(get, path = "/v1/emails/{id}", tag = "Emails", params(("id" = String, Path)),
    responses((status = 200, body = EmailDetails), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSeeEmails>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<EmailDetails>, Problem> {
    shown(&api, &caller, (tenant, &id)).await
}

/// Shows a tenant's email.
#[utoipa::path(get, path = "/v1/tenants/{id}/emails/{email_id}", tag = "Emails",
    operation_id = "get_for", params(("id" = String, Path), ("email_id" = String, Path)),
    responses((status = 200, body = EmailDetails), (status = "4XX", body = ErrorBody)))]
pub async fn get_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    _: NoQuery,
    path: Path<(String, String)>,
) -> Result<Json<EmailDetails>, Problem> {
    ever_was(&api, tenant).await?;
    shown(&api, &caller, (tenant, &path.1)).await
}

async fn shown(
    api: &Api,
    caller: &Caller,
    (tenant, id): (TenantId, &str),
) -> Result<Json<EmailDetails>, Problem> {
    let email = email_of(id)?;
    let found = find(api.commands.store(), tenant, email).await?.ok_or_else(no_such_email)?;
    let content =
        if caller.may(Permission::EmailsRead) { content(api, tenant, &found).await? } else { None };
    Ok(Json(EmailDetails::of(found.row, found.timeline, content)))
}

/// What it says, unless that was forgotten.
async fn content(
    api: &Api,
    tenant: TenantId,
    found: &Details,
) -> Result<Option<ContentView>, Problem> {
    let digest = &found.content_digest;
    let sealed = api.commands.store().content(tenant, digest).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let bytes = api.secrets.open_bytes(&EmailContent::owner(tenant, digest), &sealed);
    let bytes = bytes.map_err(|error| Problem::internal(error.to_string()))?;
    let content =
        EmailContent::from_bytes(&bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Some(ContentView::of(content, &found.headers)))
}
