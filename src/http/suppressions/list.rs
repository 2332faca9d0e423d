//! A tenant's suppression list.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::remove::not_on_it;
use super::view::SuppressionView;
use crate::http::Api;
use crate::http::caller::{OfTenant, ToSeeSuppressions};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::suppressions::{SuppressionFilter, find, list as rows};
use crate::values::{Address, SuppressionId, SuppressionReason};

/// Which addresses are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppressionsQuery {
    /// This address; upper and lower case are the same.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    address: Field<String>,
    /// `hard_bounce`, `complaint` or `manual`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    reason: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Lists the addresses to which the tenant's mail does not go.
#[utoipa::path(get, path = "/v1/suppressions", tag = "Suppressions", operation_id = "suppressions",
    params(SuppressionsQuery, PageQuery),
    responses((status = 200, body = Page<SuppressionView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeSuppressions>,
    Query(query): Query<SuppressionsQuery>,
) -> Result<Json<Page<SuppressionView>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let address = query.address.parsed::<Address>("address", &mut faults);
    let filter = SuppressionFilter {
        id: address.map(|address| SuppressionId::of(&api.secrets, tenant, &address)),
        reason: query.reason.parsed::<SuppressionReason>("reason", &mut faults),
    };
    let page = query.page.read(&mut faults, |text| text.parse::<i64>().is_ok());
    let page = faults.done(Some(page))?;
    let found = rows(&api.pool, tenant, filter, &page).await?;
    Ok(Json(Page::of(&page, found, SuppressionView::from)))
}

/// Shows whether and why an address is on the list.
#[utoipa::path(get, path = "/v1/suppressions/{address}", tag = "Suppressions",
    operation_id = "suppression", params(("address" = String, Path)),
    responses((status = 200, body = SuppressionView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeSuppressions>,
    _: NoQuery,
    Path(address): Path<String>,
) -> Result<Json<SuppressionView>, Problem> {
    // What is no address is on no list.
    let address: Address = address.parse().map_err(|_| not_on_it())?;
    let id = SuppressionId::of(&api.secrets, tenant, &address);
    let found = find(&api.pool, tenant, id).await?.ok_or_else(not_on_it)?;
    Ok(Json(found.into()))
}
