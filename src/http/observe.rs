//! Each request is timed, counted and told in one log line; its query and body never are.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use super::caller::Caller;
use super::door::{self, ErrorCode};
use super::request_id::RequestId;

/// Watches a request on its way, from its name to the last header of its answer.
pub async fn watch(mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = RequestId::give(&mut request);
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unknown", MatchedPath::as_str).to_owned();
    let path = told(&request, &route);
    let mut response = door::finished(next.run(request).await, &id);
    let took = begun.elapsed();
    count(&method, &route, &response, took.as_secs_f64());
    let caller = response.extensions().get::<Caller>();
    tracing::info!(
        request_id = id.0,
        %method,
        path,
        status = response.status().as_u16(),
        error = response.extensions().get::<ErrorCode>().map(|code| code.0),
        key = caller.map(|caller| caller.key.id.to_string()),
        tenant = caller.and_then(|caller| caller.key.tenant).map(|tenant| tenant.to_string()),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    id.tell(&mut response);
    response
}

/// A tracked link holds where it leads, and whoever reads it here could follow it.
fn told(request: &Request, route: &str) -> String {
    if route.starts_with("/t/") { route.to_owned() } else { request.uri().path().to_owned() }
}

/// The labels are few and known: a made-up method or path must not make a series of its own.
fn count(method: &Method, route: &str, response: &Response, seconds: f64) {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let known = known.into_iter().find(|known| known == method);
    let method = known.map_or("other".to_owned(), |known| known.to_string());
    let status = response.status().as_u16().to_string();
    let route = route.to_owned();
    metrics::counter!(
        "selfmx_api_requests_total",
        "method" => method, "route" => route.clone(), "status" => status
    )
    .increment(1);
    metrics::histogram!("selfmx_api_request_duration", "route" => route).record(seconds);
    if let Some(ErrorCode(code)) = response.extensions().get::<ErrorCode>() {
        metrics::counter!("selfmx_api_errors_total", "code" => *code).increment(1);
    }
}
