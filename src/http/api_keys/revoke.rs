//! The end of a key.

use axum::Json;
use axum::extract::{Path, State};

use super::view::Revoked;
use super::{OwnerQuery, key_of, no_such_key};
use crate::commands::api_key::{RevokeApiKey, revoke_api_key::Refusal};
use crate::http::Api;
use crate::http::caller::{Allowed, Caller, OnTenant, ToChangeKeys};
use crate::http::emails::ever_was;
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::values::TenantId;

/// Revokes a tenant's key: it opens nothing from here on, on any node.
#[utoipa::path(delete, path = "/v1/tenants/{id}/api-keys/{key_id}", tag = "API keys",
    params(("id" = String, Path), ("key_id" = String, Path)),
    responses((status = 200, body = Revoked), (status = "4XX", body = ErrorBody)))]
pub async fn revoke(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    _: NoQuery,
    path: Path<(String, String)>,
) -> Result<Json<Revoked>, Problem> {
    ever_was(&api, tenant).await?;
    revoked(&api, &caller, (tenant, &path.1)).await
}

/// Revokes a key of the tenant whose key asks; it may be that very key.
#[utoipa::path(delete, path = "/v1/api-keys/{key_id}", tag = "API keys",
    operation_id = "revoke_own", params(("key_id" = String, Path), OwnerQuery),
    responses((status = 200, body = Revoked), (status = "4XX", body = ErrorBody)))]
pub async fn revoke_own(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToChangeKeys>,
    Path(key): Path<String>,
    Query(query): Query<OwnerQuery>,
) -> Result<Json<Revoked>, Problem> {
    let tenant = query.owner(&caller)?;
    revoked(&api, &caller, (tenant, &key)).await
}

async fn revoked(
    api: &Api,
    caller: &Caller,
    (tenant, key): (TenantId, &str),
) -> Result<Json<Revoked>, Problem> {
    let key = key_of(key)?;
    let mut context = caller.context();
    if key == caller.key.id {
        // A key that revokes itself twice at once must not refuse itself.
        context.key = None;
    }
    api.commands.run(&context, &RevokeApiKey { tenant: Some(tenant), key }).await?;
    api.keyring.forget();
    Ok(Json(Revoked::of(key)))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_key(),
        }
    }
}
