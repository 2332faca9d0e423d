//! What tenants used, for them and for those who bill them.

mod all;
mod csv;
mod period;
pub mod view;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::caller::{Allowed, OnTenant, ToReadUsage, no_such_tenant};
use super::emails::ever_was;
use super::problem::{ErrorBody, Problem};
use super::query::Query;
use crate::projections::as_of;
use crate::projections::usage::{self as rows};
use crate::values::{Day, TenantId, Timestamp};
use period::{Granularity, Known, UsageQuery, Wanted, known, known_at};
use view::{AnyUsageView, UsageView};

/// Shows what a tenant used. Recipients are the unit: one email to three of them counts three.
#[utoipa::path(get, path = "/v1/tenants/{id}/usage", tag = "Usage",
    params(("id" = String, Path), UsageQuery),
    responses((status = 200, body = UsageView), (status = "4XX", body = ErrorBody)))]
pub async fn of_tenant(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageView>, Problem> {
    ever_was(&api, tenant).await?;
    let events = format!("/v1/tenants/{tenant}/events");
    one(&api, (tenant, events), query.read(&api)?).await
}

/// Shows what the tenant of the key used; to an admin, what every tenant used, as JSON or as CSV. An answer
/// that breaks off is not whole.
#[utoipa::path(get, path = "/v1/usage", tag = "Usage", params(UsageQuery),
    responses((status = 200, content((AnyUsageView = "application/json"), (String = "text/csv"))),
              (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToReadUsage>,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = query.read(&api)?;
    match caller.key.tenant {
        Some(tenant) => {
            let own = (tenant, "/v1/tenant/events".to_owned());
            one(&api, own, wanted).await.map(IntoResponse::into_response)
        }
        None => all::answer(&api, wanted, &headers).await,
    }
}

async fn one(
    api: &Api,
    (tenant, events): (TenantId, String),
    wanted: Wanted,
) -> Result<Json<UsageView>, Problem> {
    let (known, days) = match wanted.at {
        None => {
            let known = known(api, wanted.month, Some(tenant)).await?;
            let found = rows::days(&api.pool, tenant, wanted.month).await?;
            (Known { position: Some(found.position), ..known }, found.of)
        }
        Some(at) => past(api, tenant, (wanted, at)).await?,
    };
    let view = UsageView::of(tenant, &known, &days, &events);
    Ok(Json(match wanted.granularity {
        Granularity::Month => view,
        Granularity::Day => view.with_days(&known, &days, &events),
    }))
}

/// What was known at a moment; a tenant that did not exist then used nothing that could be shown.
async fn past(
    api: &Api,
    tenant: TenantId,
    (wanted, at): (Wanted, Timestamp),
) -> Result<(Known, Vec<(Day, rows::Counts)>), Problem> {
    let store = api.commands.store();
    as_of::tenant(store, tenant, at).await?.ok_or_else(no_such_tenant)?;
    let known = known_at(api, wanted.month, at).await?;
    Ok((known, as_of::usage(store, tenant, wanted.month, at).await?))
}
