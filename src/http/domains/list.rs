//! A tenant's domains, all and one by one.

use axum::Json;
use axum::extract::{Path, State};

use super::view::DomainView;
use super::{domain_of, shown, views};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToSeeDomains};
use crate::http::page::{Page, PageQuery, PagesOnly};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::domains as rows;
use crate::projections::page::Paged;
use crate::values::DomainId;

/// Lists the domains that a tenant has added.
#[utoipa::path(get, path = "/v1/domains", tag = "Domains", params(PageQuery),
    responses((status = 200, body = Page<DomainView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeDomains>,
    Query(query): Query<PagesOnly>,
) -> Result<Json<Page<DomainView>>, Problem> {
    let page = query.read(|text| text.parse::<DomainId>().is_ok())?;
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
