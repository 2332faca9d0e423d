//! Templates are listed and shown, with the versions that they have had.

use axum::Json;
use axum::extract::{Path, State};

use super::known;
use super::view::{TemplateSummaryView, TemplateView};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToSeeTemplates};
use crate::http::page::{Page, PageQuery, PagesOnly};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::page::PageRequest;
use crate::projections::templates as rows;
use crate::values::TemplateId;

/// Versions in one page: each can hold half a megabyte.
const MOST_VERSIONS: u32 = 5;

/// Lists the templates, without their `html` and `text`.
#[utoipa::path(get, path = "/v1/templates", tag = "Templates", params(PageQuery),
    responses((status = 200, body = Page<TemplateSummaryView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeTemplates>,
    Query(query): Query<PagesOnly>,
) -> Result<Json<Page<TemplateSummaryView>>, Problem> {
    let page = query.read(|text| text.parse::<TemplateId>().is_ok())?;
    let found = rows::list(&api.pool, tenant, &page).await?;
    Ok(Json(Page::of(&page, found, TemplateSummaryView::from)))
}

/// Shows a template.
#[utoipa::path(get, path = "/v1/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name.")),
    responses((status = 200, body = TemplateView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeTemplates>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<TemplateView>, Problem> {
    Ok(Json(known(&api, tenant, &id).await?.into()))
}

/// Lists all versions that a template has had, at most five in a page.
#[utoipa::path(get, path = "/v1/templates/{id}/versions", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name."), PageQuery),
    responses((status = 200, body = Page<TemplateView>), (status = "4XX", body = ErrorBody)))]
pub async fn versions(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeTemplates>,
    Path(id): Path<String>,
    Query(query): Query<PagesOnly>,
) -> Result<Json<Page<TemplateView>>, Problem> {
    let page = query.read(|text| text.parse::<i64>().is_ok())?;
    let page = PageRequest { limit: page.limit.min(MOST_VERSIONS), ..page };
    let template = known(&api, tenant, &id).await?;
    let found = rows::versions(&api.pool, &template.id, &page).await?;
    Ok(Json(Page::of(&page, found, TemplateView::from)))
}
