//! A tenant's keys.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::owner;
use super::view::ApiKeyView;
use crate::http::Api;
use crate::http::as_of::{AtQuery, moment};
use crate::http::caller::{Allowed, Caller, OnTenant, ToSeeKeys, no_such_tenant};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::http::tenants::as_it_was;
use crate::projections::{api_keys as rows, as_of, tenants};
use crate::values::{KeyId, TenantId};

/// Which keys are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// Whose; under `/v1/api-keys` an admin must name it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    tenant_id: Field<String>,
    /// A moment that has passed, such as `2024-01-15T10:30:00Z`: the keys are as they were then.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    at: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Lists a tenant's keys, the revoked ones too.
#[utoipa::path(get, path = "/v1/tenants/{id}/api-keys", tag = "API keys",
    params(("id" = String, Path), AtQuery, PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    Query(query): Query<KeysQuery>,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    listed(&api, (&caller, Some(tenant)), query).await
}

/// Lists the keys of the tenant whose key asks.
#[utoipa::path(get, path = "/v1/api-keys", tag = "API keys", params(KeysQuery, PageQuery),
    operation_id = "list_own",
    responses((status = 200, body = Page<ApiKeyView>), (status = "4XX", body = ErrorBody)))]
pub async fn list_own(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToSeeKeys>,
    Query(query): Query<KeysQuery>,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    listed(&api, (&caller, None), query).await
}

async fn listed(
    api: &Api,
    (caller, on_path): (&Caller, Option<TenantId>),
    query: KeysQuery,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let named = query.tenant_id.optional("tenant_id", &mut faults);
    if on_path.is_some() && named.is_some() {
        faults.add("tenant_id", "the path names the tenant");
    }
    let page = query.page.read(&mut faults, |text| text.parse::<KeyId>().is_ok());
    let at = moment(query.at, api.clock.now(), &mut faults);
    let page = faults.done(Some(page))?;
    let tenant = on_path.map_or_else(|| owner(caller, named.as_deref()), Ok)?;
    if let Some(at) = at {
        as_it_was(api, tenant, at).await?;
        let keys = as_of::api_keys(api.commands.store(), tenant, at).await?;
        return Ok(Json(Page::of(&page, as_of::page_of_keys(keys, &page), ApiKeyView::from)));
    }
    tenants::find(&api.pool, tenant).await?.ok_or_else(no_such_tenant)?;
    let found = rows::list(&api.pool, Some(tenant), &page).await?;
    Ok(Json(Page::of(&page, found, ApiKeyView::from)))
}
