//! What tenants used, for them and for those who bill them.

pub mod view;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::caller::{Allowed, OnTenant, ToReadUsage};
use super::emails::ever_was;
use super::field::{Faults, Field, Unknown};
use super::problem::{ErrorBody, Problem};
use super::query::Query;
use crate::projections::runner::caught_up;
use crate::projections::usage::{self as rows};
use crate::values::{Month, TenantId};
use view::{AllUsageView, Asked, UsageView};

/// Which period is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// A month such as `2024-01`; this one (UTC) if absent.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-01")]
    period: Field<String>,
    /// `day` adds the days of one tenant.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "day")]
    granularity: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// What was decided before midnight may be written a little later, and the nodes' clocks differ: only
/// so long after its end a period does not change any more.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// Whether days are wanted too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Granularity {
    Month,
    Day,
}

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
    one(&api, tenant, query).await
}

/// Shows what the tenant of the key used; to an admin, what every tenant used, as JSON or as CSV.
#[utoipa::path(get, path = "/v1/usage", tag = "Usage", params(UsageQuery),
    responses((status = 200, content((UsageView = "application/json"), (String = "text/csv"))),
              (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToReadUsage>,
    Query(query): Query<UsageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(tenant) = caller.key.tenant {
        return one(&api, tenant, query).await.map(IntoResponse::into_response);
    }
    let (month, granularity) = query.read(&api)?;
    if granularity == Granularity::Day {
        let message = "days are shown for one tenant: /v1/tenants/{id}/usage";
        return Err(Problem::invalid_field("granularity", message));
    }
    let asked = asked(&api, month, None).await?;
    let all = AllUsageView::of(&asked, rows::all_tenants(&api.pool, month).await?);
    if !wants_csv(&headers) {
        return Ok(Json(all).into_response());
    }
    let content_type = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
    Ok((content_type, all.csv()).into_response())
}

async fn one(api: &Api, tenant: TenantId, query: UsageQuery) -> Result<Json<UsageView>, Problem> {
    let (month, granularity) = query.read(api)?;
    let asked = asked(api, month, Some(tenant)).await?;
    let days = rows::days(&api.pool, tenant, month).await?;
    let view = UsageView::of(tenant, &asked, &days);
    Ok(Json(if granularity == Granularity::Day { view.with_days(&days) } else { view }))
}

/// The period, and how far the counts can be trusted.
///
/// In this order: what becomes a fact first is known to the read model afterwards. The other way round,
/// a period could be called final without the facts that were written in between.
async fn asked(api: &Api, month: Month, whose: Option<TenantId>) -> Result<Asked, Problem> {
    let now = api.clock.now();
    let settling = api.meter.settling();
    // The request that asks has been counted already, so it finds itself.
    let counted = settling.settled(whose).await;
    let settled = month.end().plus(GRACE) <= now && {
        let (first, after) = (month.first_day(), month.next().first_day());
        api.meter.is_settled(first, after).await?
    };
    let fresh = caught_up(&api.pool, "usage").await?;
    let counted_until = if counted { now } else { settling.until().unwrap_or(month.begin()) };
    let as_of = fresh.ignorant_since.unwrap_or(now).min(counted_until);
    Ok(Asked { month, as_of, is_final: settled && fresh.caught_up })
}

/// The first of the two types that the caller names.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut named = accept
        .unwrap_or_default()
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    named
        .find(|one| one == "text/csv" || one == "application/json")
        .is_some_and(|one| one == "text/csv")
}

impl UsageQuery {
    fn read(self, api: &Api) -> Result<(Month, Granularity), Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let month = self.period.parsed::<Month>("period", &mut faults);
        let granularity = match self.granularity.optional("granularity", &mut faults).as_deref() {
            None | Some("month") => Granularity::Month,
            Some("day") => Granularity::Day,
            Some(_) => {
                faults.add("granularity", "give month or day");
                Granularity::Month
            }
        };
        faults.done(Some((month.unwrap_or_else(|| api.clock.now().month()), granularity)))
    }
}
