//! What happened in a tenant: its facts in order, as CloudEvents, for those who audit it.

pub mod query;
pub mod view;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt as _;

use super::Api;
use super::accept::prefers;
use super::caller::{OfTenant, OnTenant, ToReadHistory};
use super::emails::ever_was;
use super::problem::{ErrorBody, Problem};
use super::query::Query;
use crate::projections::history::HistoryRow;
use crate::values::TenantId;
use query::{HistoryQuery, Part};
use view::{EventView, HistoryPage};

/// One JSON text a line (<https://github.com/ndjson/ndjson-spec>).
const NDJSON: &str = "application/x-ndjson";

/// Shows what happened in a tenant, the oldest first. With `Accept: application/x-ndjson` all of it, up to
/// the moment of asking, one event a line; an answer that breaks off is not whole.
#[utoipa::path(get, path = "/v1/tenants/{id}/events", tag = "History",
    params(("id" = String, Path), HistoryQuery),
    responses((status = 200, content((HistoryPage = "application/json"),
                                     (EventView = "application/x-ndjson"))),
              (status = "4XX", body = ErrorBody)))]
pub async fn of_tenant(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    told(&api, tenant, query, &headers).await
}

/// Shows what happened in the tenant of the key that asks, which must be allowed everything (`*`).
#[utoipa::path(get, path = "/v1/tenant/events", tag = "History", params(HistoryQuery),
    responses((status = 200, content((HistoryPage = "application/json"),
                                     (EventView = "application/x-ndjson"))),
              (status = "4XX", body = ErrorBody)))]
pub async fn own(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToReadHistory>,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    told(&api, tenant, query, &headers).await
}

async fn told(
    api: &Api,
    tenant: TenantId,
    query: HistoryQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let whole = prefers(headers, NDJSON, "application/json");
    let (filter, part) = query.read(tenant, whole)?;
    let Part { after, limit } = part;
    if !whole {
        // One more than wanted says whether it goes on.
        let rows = api.history.page(&filter, after, i64::from(limit) + 1).await?;
        if rows.is_empty() {
            ever_was(api, tenant).await?;
        }
        return Ok(Json(HistoryPage::of(rows, limit)).into_response());
    }
    ever_was(api, tenant).await?;
    let pieces = api.history.pieces(&filter, after).await?;
    api.streams.answer(NDJSON, pieces.and_then(async |rows| lines(rows))).await
}

fn lines(rows: Vec<HistoryRow>) -> sqlx::Result<Bytes> {
    let mut text = Vec::new();
    for row in rows {
        let written = serde_json::to_writer(&mut text, &EventView::from(row));
        written.map_err(|error| sqlx::Error::Encode(error.into()))?;
        text.push(b'\n');
    }
    Ok(text.into())
}
