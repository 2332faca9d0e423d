//! A tenant's domains, all and one by one.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::DomainView;
use super::{domain_of, shown, views};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToSeeDomains};
use crate::http::field::{Faults, Unknown};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::domains as rows;
use crate::projections::page::Paged;
use crate::values::DomainId;

/// Which domains are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DomainsQuery {
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Lists the domains that a tenant has added.
#[utoipa::path(get, path = "/v1/domains", tag = "Domains", params(PageQuery),
    responses((status = 200, body = Page<DomainView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeDomains>,
    Query(query): Query<DomainsQuery>,
) -> Result<Json<Page<DomainView>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let page = query.page.read(&mut faults, |text| text.parse::<DomainId>().is_ok());
    let page = faults.done(Some(page))?;
    let Paged { rows, total, next_cursor } = rows::list(&api.pool, tenant, &page).await?;
    let found = Paged { rows: views(&api, rows).await?, total, next_cursor };
    Ok(Json(Page::of(&page, found, |view| view)))
}

/// Shows a domain with its records and what was found of them.
#[utoipa::path(get, path = "/v1/domains/{domain_id}", tag = "Domains",
    params(("domain_id" = String, Path)),
    responses((status = 200, body = DomainView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeDomains>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<DomainView>, Problem> {
    Ok(Json(shown(&api, tenant, domain_of(&id)?).await?))
}
