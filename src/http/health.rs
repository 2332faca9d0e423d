//! How the service does: for people, for orchestrators, for Prometheus.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::problem::{ErrorBody, Problem};
use crate::database::{self, migrate};
use crate::projections::{send_queue, webhook_deliveries};

/// How the service does.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `degraded` while something it needs is away.
    #[schema(example = "ok")]
    status: &'static str,
    /// Which version runs.
    version: &'static str,
    /// `ok` or `unreachable`.
    #[schema(example = "ok")]
    database: &'static str,
    /// Where mail of tenants without a relay of their own goes: `relay`, or the built-in `outbox`.
    #[schema(example = "relay")]
    smtp: &'static str,
    /// Emails waiting or on their way; unknown while the database is away.
    queue_depth: Option<i64>,
}

/// How the service does, at a glance.
#[utoipa::path(get, path = "/health", tag = "Operations", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn health(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    let queue_depth = send_queue::depth(&api.pool).await.ok();
    let up = queue_depth.is_some();
    let (code, status, database) = if up {
        (StatusCode::OK, "ok", "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded", "unreachable")
    };
    let smtp = if api.outbox.is_some() { "outbox" } else { "relay" };
    let version = env!("CARGO_PKG_VERSION");
    (code, Json(Health { status, version, database, smtp, queue_depth }))
}

/// The process is alive.
#[utoipa::path(get, path = "/livez", tag = "Operations", security(()),
    responses((status = 200, description = "It is.")))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The process can answer requests: its database answers and has the schema that it needs.
#[utoipa::path(get, path = "/readyz", tag = "Operations", security(()), responses(
    (status = 200, description = "It can."),
    (status = 503, body = ErrorBody, description = "Not now.")))]
pub async fn readyz(State(api): State<Api>) -> Result<&'static str, Problem> {
    if !database::answers(&api.pool).await {
        return Err(Problem::unavailable("the database does not answer"));
    }
    match migrate::is_up_to_date(&api.pool).await {
        Ok(true) => Ok("ok"),
        Ok(false) => Err(Problem::unavailable("the database is not migrated yet")),
        Err(_) => Err(Problem::unavailable("the database does not answer")),
    }
}

/// What was counted, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "Operations", security(()),
    responses((status = 200, description = "Prometheus' text format", content_type = "text/plain")))]
pub async fn metrics(State(api): State<Api>) -> Response {
    if let Ok(depth) = send_queue::depth(&api.pool).await {
        metrics::gauge!("selfmx_emails_queued").set(as_f64(depth));
    }
    if let Ok(pending) = webhook_deliveries::pending(&api.pool).await {
        metrics::gauge!("selfmx_webhook_pending").set(as_f64(pending));
    }
    metrics::gauge!("selfmx_log_head").set(as_f64(*api.commands.store().head().borrow()));
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (content_type, api.metrics.render()).into_response()
}

fn as_f64(number: i64) -> f64 {
    // Exact up to 2^53, and nobody reads the last digit of what lies beyond.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    let float = number as f64;
    float
}
