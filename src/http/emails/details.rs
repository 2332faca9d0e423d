//! One email with its recipients and its timeline.

use axum::Json;
use axum::extract::{Path, State};

use super::view::{ContentView, EmailDetails};
use super::{email_of, ever_was, no_such_email};
use crate::http::Api;
use crate::http::as_of::AtQuery;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSeeEmails};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::projections::emails::{Details, find};
use crate::values::{EmailContent, Permission, TenantId, Timestamp};

/// Shows an email, as it is now or as it was.
#[utoipa::path(get, path = "/v1/emails/{id}", tag = "Emails",
    params(("id" = String, Path), AtQuery),
    responses((status = 200, body = EmailDetails), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSeeEmails>,
    Query(query): Query<AtQuery>,
    Path(id): Path<String>,
) -> Result<Json<EmailDetails>, Problem> {
    let at = query.read(api.clock.now())?;
    shown(&api, &caller, (tenant, &id), at).await
}

/// Shows a tenant's email, as it is now or as it was.
#[utoipa::path(get, path = "/v1/tenants/{id}/emails/{email_id}", tag = "Emails",
    operation_id = "get_for", params(("id" = String, Path), ("email_id" = String, Path), AtQuery),
    responses((status = 200, body = EmailDetails), (status = "4XX", body = ErrorBody)))]
pub async fn get_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    Query(query): Query<AtQuery>,
    path: Path<(String, String)>,
) -> Result<Json<EmailDetails>, Problem> {
    let at = query.read(api.clock.now())?;
    ever_was(&api, tenant).await?;
    shown(&api, &caller, (tenant, &path.1), at).await
}

async fn shown(
    api: &Api,
    caller: &Caller,
    (tenant, id): (TenantId, &str),
    at: Option<Timestamp>,
) -> Result<Json<EmailDetails>, Problem> {
    let email = email_of(id)?;
    let found = find(api.commands.store(), tenant, email, at).await?.ok_or_else(no_such_email)?;
    let content =
        if caller.may(Permission::EmailsRead) { content(api, tenant, &found).await? } else { None };
    Ok(Json(EmailDetails::of(found, content)))
}

/// What it says, unless that was forgotten.
async fn content(
    api: &Api,
    tenant: TenantId,
    found: &Details,
) -> Result<Option<ContentView>, Problem> {
    let Some(digest) = &found.content_digest else { return Ok(None) };
    let sealed = api.commands.store().content(tenant, digest).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let bytes = api.secrets.open_bytes(&EmailContent::owner(tenant, digest), &sealed);
    let bytes = bytes.map_err(|error| Problem::internal(error.to_string()))?;
    let content =
        EmailContent::from_bytes(&bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Some(ContentView::of(content, &found.headers)))
}
