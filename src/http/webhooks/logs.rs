//! What a webhook was told and how it answered; and that it is told again.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::found;
use crate::http::Api;
use crate::http::body::NoBody;
use crate::http::caller::{OfTenant, ToChangeWebhooks, ToSeeWebhooks};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::idempotency::Asked;
use crate::http::page::{Page, PageQuery};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::projections::runner::caught_up;
use crate::projections::webhook_deliveries::{self as deliveries, DeliveryRow};
use crate::values::{EmailId, EventId, Timestamp};

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// `pending`, `delivered` or `failed`; without it all.
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

/// A notice with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The `id` of its payload.
    #[schema(example = "evt_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[serde(rename = "type")]
    #[schema(example = "delivered")]
    kind: String,
    /// None if it tells of the tenant itself.
    #[schema(example = "msg_01h455vb4pex5vsknk084sn02q")]
    email_id: Option<String>,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    status: String,
    attempts: i32,
    /// When it happened.
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempted_at: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    /// How long the last try took.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<i32>,
    /// The first kilobyte of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Lists what a webhook was told and is to be told.
#[utoipa::path(get, path = "/v1/webhooks/{id}/logs", tag = "Webhooks", operation_id = "list_log",
    params(("id" = String, Path), DeliveriesQuery, PageQuery),
    responses((status = 200, body = Page<DeliveryView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeWebhooks>,
    Path(id): Path<String>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let status = query.status.optional("status", &mut faults);
    if status.as_deref().is_some_and(|s| !["pending", "delivered", "failed"].contains(&s)) {
        faults.add("status", "give pending, delivered or failed");
    }
    let page = query.page.read(&mut faults, |text| text.parse::<EventId>().is_ok());
    let (status, page) = faults.done(Some((status, page)))?;
    let (webhook, _) = found(&api, tenant, &id).await?;
    caught_up(&api.pool, "webhook_deliveries").await?;
    let found = deliveries::list(&api.pool, webhook, status.as_deref(), &page).await?;
    Ok(Json(Page::of(&page, found, DeliveryView::from)))
}

/// Lets a notice be told at once, also one that has arrived: under the same id, so that a receiver may know it.
#[utoipa::path(post, path = "/v1/webhooks/{id}/logs/{delivery_id}/retry", tag = "Webhooks",
    params(("id" = String, Path), ("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = "4XX", body = ErrorBody)))]
pub async fn retry(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeWebhooks>,
    whose: (Path<(String, String)>, NoQuery),
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    let (Path((id, delivery)), NoQuery) = whose;
    let (webhook, row) = found(&api, tenant, &id).await?;
    if let Some(answer) = asked.answered(&api, &raw.bytes).await? {
        return Ok(answer);
    }
    let no_such_delivery = || Problem::not_found("there is no such delivery");
    let delivery: EventId = delivery.parse().map_err(|_| no_such_delivery())?;
    deliveries::find(&api.pool, webhook, delivery).await?.ok_or_else(no_such_delivery)?;
    if !row.active {
        return Err(Problem::conflict("not_active", "the webhook is not active: set active first"));
    }
    let again = deliveries::retry(&api.pool, webhook, delivery, api.clock.now()).await?;
    let view = DeliveryView::from(again.ok_or_else(no_such_delivery)?);
    asked.keep(&api, &raw.bytes, view).await
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let time = |at: Option<_>| at.map(|at| Timestamp::from(at).to_string());
        Self {
            id: row.id,
            kind: row.kind,
            email_id: Some(row.email_id).filter(|stream| stream.starts_with(EmailId::PREFIX)),
            status: row.status,
            attempts: row.attempts,
            created_at: Timestamp::from(row.created_at).to_string(),
            attempted_at: time(row.attempted_at),
            next_attempt_at: time(row.next_attempt_at),
            latency_ms: row.latency_ms,
            response_status: row.response_status,
            response_body: row.response_body,
            error: row.error,
        }
    }
}
