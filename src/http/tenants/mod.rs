//! `/v1/tenants`, for admins, and `/v1/tenant`, for a tenant itself.

pub mod body;
pub mod delete;
pub mod reputation;
pub mod view;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::as_of::AtQuery;
use super::body::{NoBody, Raw};
use super::caller::{Admin, OfTenant, OnTenant, ToBelong, no_such_tenant};
use super::field::{Faults, Field, Unknown};
use super::idempotency::{Answers, Asked};
use super::page::{Page, PageQuery};
use super::problem::{ErrorBody, Problem};
use super::query::{NoQuery, Query};
use crate::commands::tenant::{
    ResumeTenant, SuspendTenant, create_tenant, pause_tenant, update_tenant,
};
use crate::projections::tenants::{self as rows, TenantFilter, TenantRow};
use crate::projections::{api_keys, as_of, domains, relay_health, templates, webhooks};
use crate::values::{HostName, TenantId, Timestamp};
use body::TenantBody;
use view::Counts;
pub use view::TenantView;

/// Which tenants are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantsQuery {
    /// A part of the name, in any case.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    name: Field<String>,
    /// The domain.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    domain: Field<String>,
    /// `active`, `suspended` or `deleted`; without it all that are not deleted.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    status: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Creates a tenant.
#[utoipa::path(post, path = "/v1/tenants", tag = "Tenants", request_body = TenantBody,
    responses((status = 201, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    _admin: Admin,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let tenant = TenantId::at(api.clock.now());
    let command = raw.json::<TenantBody>()?.into_creation(tenant, &api.secrets)?;
    let answer = (StatusCode::CREATED, TenantView::after);
    asked.run(&api, (&raw.bytes, Answers::Openly), &command, answer).await
}

/// Lists the tenants.
#[utoipa::path(get, path = "/v1/tenants", tag = "Tenants", params(TenantsQuery, PageQuery),
    responses((status = 200, body = Page<TenantView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    _admin: Admin,
    Query(query): Query<TenantsQuery>,
) -> Result<Json<Page<TenantView>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let domain = query.domain.optional("domain", &mut faults);
    let domain = domain.and_then(|text| faults.keep("domain", HostName::domain(&text)));
    let status = query.status.optional("status", &mut faults);
    if status.as_deref().is_some_and(|s| !["active", "suspended", "deleted", "paused"].contains(&s))
    {
        faults.add("status", "give active, suspended, paused or deleted");
    }
    let filter = TenantFilter {
        name: faults.plain("name", query.name),
        domain: domain.map(|name| name.to_string()),
        status,
    };
    let page = query.page.read(&mut faults, |text| text.parse::<TenantId>().is_ok());
    let (filter, page) = faults.done(Some((filter, page)))?;
    let found = rows::list(&api.pool, &filter, &page).await?;
    Ok(Json(Page::of(&page, found, |row| TenantView::of_row(&row))))
}

/// Shows a tenant, as it is now or as it was.
#[utoipa::path(get, path = "/v1/tenants/{id}", tag = "Tenants",
    params(("id" = String, Path), AtQuery),
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    Query(query): Query<AtQuery>,
) -> Result<Json<TenantView>, Problem> {
    shown(&api, tenant, query).await
}

/// Shows the tenant of the key that asks, as it is now or as it was.
#[utoipa::path(get, path = "/v1/tenant", tag = "Tenants", params(AtQuery),
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn own(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToBelong>,
    Query(query): Query<AtQuery>,
) -> Result<Json<TenantView>, Problem> {
    shown(&api, tenant, query).await
}

async fn shown(api: &Api, tenant: TenantId, query: AtQuery) -> Result<Json<TenantView>, Problem> {
    if let Some(at) = query.read(api.clock.now())? {
        let row = as_it_was(api, tenant, at).await?;
        let counts = counted_at(api, tenant, at).await?;
        // How its relay did is an observation, which nobody keeps.
        return Ok(Json(TenantView::of_row(&row).counting(counts)));
    }
    let row = rows::find(&api.pool, tenant).await?.ok_or_else(no_such_tenant)?;
    let counts = counted(api, tenant).await?;
    let health = relay_health::find(&api.pool, tenant).await?;
    Ok(Json(TenantView::of_row(&row).counting(counts).with_health(health)))
}

async fn counted(api: &Api, tenant: TenantId) -> sqlx::Result<Counts> {
    Ok(Counts {
        api_keys: api_keys::count_living(&api.pool, tenant, api.clock.now()).await?,
        templates: templates::count(&api.pool, tenant).await?,
        webhooks: webhooks::count(&api.pool, tenant).await?,
        domains: domains::count(&api.pool, tenant).await?,
    })
}

async fn counted_at(api: &Api, tenant: TenantId, at: Timestamp) -> Result<Counts, Problem> {
    let store = api.commands.store();
    let keys = as_of::api_keys(store, tenant, at).await?;
    let alive = keys.iter().filter(|key| key.lives_at(at)).count();
    let living = |ends| as_of::living(store, tenant, at, ends);
    Ok(Counts {
        api_keys: i64::try_from(alive).unwrap_or(i64::MAX),
        templates: living(as_of::TEMPLATES).await?,
        webhooks: living(as_of::WEBHOOKS).await?,
        domains: living(as_of::DOMAINS).await?,
    })
}

/// The tenant as it was at a moment; none before it existed, or once it was deleted.
pub(super) async fn as_it_was(
    api: &Api,
    tenant: TenantId,
    at: Timestamp,
) -> Result<TenantRow, Problem> {
    let row = as_of::tenant(api.commands.store(), tenant, at).await?;
    row.filter(|row| row.status != "deleted").ok_or_else(no_such_tenant)
}

/// Changes a tenant: what is absent stays, `null` clears.
#[utoipa::path(put, path = "/v1/tenants/{id}", tag = "Tenants", params(("id" = String, Path)),
    request_body = TenantBody,
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    on: OnTenant,
    _: NoQuery,
    raw: Raw,
) -> Result<Json<TenantView>, Problem> {
    let command = raw.json::<TenantBody>()?.into_change(on.tenant, &api.secrets)?;
    let done = api.commands.run(&on.caller.context(), &command).await?;
    api.keyring.forget();
    Ok(Json(TenantView::after(&done)))
}

/// Changes a tenant: what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/v1/tenants/{id}", tag = "Tenants", params(("id" = String, Path)),
    request_body = TenantBody,
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn patch(
    state: State<Api>,
    on: OnTenant,
    none: NoQuery,
    raw: Raw,
) -> Result<Json<TenantView>, Problem> {
    put(state, on, none, raw).await
}

/// Stops a tenant's sending; it may still read, and its queued mail waits.
#[utoipa::path(post, path = "/v1/tenants/{id}/suspend", tag = "Tenants",
    params(("id" = String, Path)),
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn suspend(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    _: NoQuery,
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    let answer = (StatusCode::OK, TenantView::after);
    asked.run(&api, (&raw.bytes, Answers::Openly), &SuspendTenant { tenant }, answer).await
}

/// Lets a suspended tenant send again.
#[utoipa::path(post, path = "/v1/tenants/{id}/resume", tag = "Tenants",
    params(("id" = String, Path)),
    responses((status = 200, body = TenantView), (status = "4XX", body = ErrorBody)))]
pub async fn resume(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    _: NoQuery,
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    let answer = (StatusCode::OK, TenantView::after);
    asked.run(&api, (&raw.bytes, Answers::Openly), &ResumeTenant { tenant }, answer).await
}

impl From<create_tenant::Refusal> for Problem {
    fn from(refusal: create_tenant::Refusal) -> Self {
        match refusal {
            create_tenant::Refusal::Exists => Self::conflict("exists", refusal.to_string()),
            create_tenant::Refusal::Relay(fault) => {
                Self::invalid_field(fault.field(), fault.to_string())
            }
        }
    }
}

impl From<update_tenant::Refusal> for Problem {
    fn from(refusal: update_tenant::Refusal) -> Self {
        match refusal {
            update_tenant::Refusal::NotFound => no_such_tenant(),
            update_tenant::Refusal::Relay(fault) => {
                Self::invalid_field(fault.field(), fault.to_string())
            }
        }
    }
}

impl From<pause_tenant::Refusal> for Problem {
    fn from(refusal: pause_tenant::Refusal) -> Self {
        match refusal {
            pause_tenant::Refusal::NotFound => no_such_tenant(),
        }
    }
}
