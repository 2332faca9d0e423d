//! A tenant's webhooks.

use axum::Json;
use axum::extract::{Path, State};

use super::found;
use super::view::WebhookView;
use crate::http::Api;
use crate::http::caller::{OfTenant, ToSeeWebhooks};
use crate::http::page::{Page, PageQuery, PagesOnly};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::webhooks as rows;
use crate::values::WebhookId;

/// Lists the tenant's webhooks.
#[utoipa::path(get, path = "/v1/webhooks", tag = "Webhooks", params(PageQuery),
    responses((status = 200, body = Page<WebhookView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeWebhooks>,
    Query(query): Query<PagesOnly>,
) -> Result<Json<Page<WebhookView>>, Problem> {
    let page = query.read(|text| text.parse::<WebhookId>().is_ok())?;
    let (found, now) = (rows::list(&api.pool, tenant, &page).await?, api.clock.now());
    Ok(Json(Page::of(&page, found, |row| WebhookView::of_row(row, now))))
}

/// Shows a webhook.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "Webhooks", params(("id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeWebhooks>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<WebhookView>, Problem> {
    let (_, row) = found(&api, tenant, &id).await?;
    Ok(Json(WebhookView::of_row(row, api.clock.now())))
}
