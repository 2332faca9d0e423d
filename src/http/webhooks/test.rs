//! A webhook is tried: one notice that tells of nothing, posted at once.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::found;
use crate::http::Api;
use crate::http::body::NoBody;
use crate::http::caller::{OfTenant, ToChangeWebhooks};
use crate::http::idempotency::Asked;
use crate::http::probe_place::place;
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::notices::{Answer, Kept, Notice};
use crate::projections::webhooks::WebhookRow;
use crate::values::{EventId, Timestamp};

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookTest {
    /// The receiver answered 2xx.
    ok: bool,
    /// The notice's id.
    #[schema(example = "evt_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// How long it took.
    latency_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    /// The first kilobyte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Posts a notice of the type `test`, also to a webhook that is not active; it does not stand in the logs.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "Webhooks",
    params(("id" = String, Path)),
    responses((status = 200, body = WebhookTest), (status = "4XX", body = ErrorBody)))]
pub async fn test(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeWebhooks>,
    whose: (Path<String>, NoQuery),
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    let (Path(id), NoQuery) = whose;
    let (_, row) = found(&api, tenant, &id).await?;
    if let Some(answer) = asked.answered(&api, &raw.bytes).await? {
        return Ok(answer);
    }
    let _place = place(&api).await?;
    let (id, answer) = tried(&api, &row).await?;
    let view = WebhookTest {
        ok: answer.arrived(),
        id: id.to_string(),
        latency_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        response_status: answer.status,
        response_body: answer.body,
        error: answer.error,
    };
    asked.keep(&api, &raw.bytes, view).await
}

async fn tried(api: &Api, row: &WebhookRow) -> Result<(EventId, Answer), Problem> {
    let broken = |error: String| Problem::internal(error);
    let now = api.clock.now();
    let url = row.url.parse().map_err(|_| broken("the webhook's address is none".to_owned()))?;
    let former = row.former_secret.as_deref().zip(row.former_until.map(Timestamp::from));
    let kept = Kept { owner: &row.id, newest: &row.secret, former };
    let secrets = kept.open(&api.secrets, now).map_err(|error| broken(error.to_string()))?;
    let id = EventId::at(now);
    let body = json!({
        "id": id.to_string(),
        "type": "test",
        "created_at": now.to_string(),
        "data": {"webhook_id": row.id},
    });
    let notice = Notice { id, body: Bytes::from(body.to_string()) };
    let signed = notice.signed(&secrets, now);
    Ok((id, api.poster.post(&url, &notice, &signed).await))
}
