//! What every answer has in common: who may come in, how many, and how a refusal looks.

use std::any::Any;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::future::join;

use super::caller::Caller;
use super::keyring::KnownKey;
use super::problem::{ErrorBody, Problem};
use super::request_id::RequestId;
use super::{Api, Limit};
use crate::database::request_meter::Place;

/// The window of a tenant's own limit.
const MINUTE: Duration = Duration::from_secs(60);

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Under which code a request was refused: for those who count.
#[derive(Clone, Copy, Debug)]
pub struct ErrorCode(pub &'static str);

/// Lets a request in: there is room for it, its key opens the door, and its tenant may ask so often.
pub async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let Ok(_room) = Arc::clone(&api.request_room).try_acquire_owned() else {
        return Problem::unavailable("too many requests at once: try again").into_response();
    };
    let request_id = request.extensions().get::<RequestId>().cloned();
    let caller = match known(&api, request.headers(), request_id).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let limits = match counted(&api, &caller.key).await {
        Ok(limits) => limits,
        Err(problem) => return with(caller, None, problem.into_response()),
    };
    request.extensions_mut().insert(caller.clone());
    let response = match limits.as_ref().map(|limits| (limits, limits.exceeded())) {
        Some((limits, Some(over))) => {
            on_disk(&api, limits, ready(over.into_response()), false).await
        }
        Some((limits, None)) => {
            let reads = request.method().is_safe();
            on_disk(&api, limits, next.run(request), reads).await
        }
        None => next.run(request).await,
    };
    with(caller, limits.as_ref(), response)
}

/// Marks an answer for which something was recorded in the log after its request had been counted: with it,
/// the count has come to disk.
#[derive(Clone, Copy, Debug)]
pub struct Recorded;

/// The answer, once its request is known to be counted for good.
async fn on_disk(
    api: &Api,
    limits: &Limits,
    answer: impl Future<Output = Response>,
    reads: bool,
) -> Response {
    let counted = api.meter.is_on_disk(limits.place);
    let (response, counted) = if reads {
        join(answer, counted).await
    } else {
        let response = answer.await;
        let recorded = response.extensions().get::<Recorded>().is_some();
        let counted = recorded || counted.await;
        (response, counted)
    };
    // What was done is done; anything else is asked again.
    if !counted && (reads || !response.status().is_success()) {
        return uncounted().into_response();
    }
    response
}

fn uncounted() -> Problem {
    Problem::unavailable("the request cannot be counted: try again")
}

fn with(caller: Caller, limits: Option<&Limits>, mut response: Response) -> Response {
    response.extensions_mut().insert(caller);
    if let Some(limits) = limits {
        limits.write(response.headers_mut());
    }
    response
}

async fn known(
    api: &Api,
    headers: &HeaderMap,
    request_id: Option<RequestId>,
) -> Result<Caller, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let key = api.keyring.find(token).await?.ok_or_else(Problem::unauthorized)?;
    Ok(Caller { key, request_id: request_id.unwrap_or_else(|| RequestId(String::new())) })
}

/// The scheme is case-insensitive (RFC 9110, 11.1). Two keys are none: whoever stands before us might
/// have looked at the other.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A tenant's limit, and where this request stands in it.
struct Limits {
    limit: u64,
    place: Place,
    now: i64,
}

/// Every authenticated request of a tenant is counted, also one that is then refused.
async fn counted(api: &Api, key: &KnownKey) -> Result<Option<Limits>, Problem> {
    let Some(tenant) = key.tenant else { return Ok(None) };
    let limit = key
        .requests_per_minute
        .map_or(api.default_limit, |requests| Limit { requests, window: MINUTE });
    let now = api.clock.now();
    let place = api.meter.place(tenant, limit.window, now).await;
    let place = place.map_err(|error| uncounted().because(&error))?;
    Ok(Some(Limits { limit: limit.requests, place, now: now.unix_seconds() }))
}

impl Limits {
    fn exceeded(&self) -> Option<Problem> {
        if self.place.number <= self.limit {
            return None;
        }
        let wait = u64::try_from(self.place.window_ends - self.now).unwrap_or(1).max(1);
        let message = format!("more than {} requests in this window: nothing was done", self.limit);
        Some(Problem::too_many("rate_limit", message, wait))
    }

    fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.into());
        headers.insert(REMAINING, self.limit.saturating_sub(self.place.number).into());
        headers.insert(RESET, self.place.window_ends.into());
    }
}

/// Writes the body of every refusal, whoever refused; and what every answer carries.
pub fn finished(mut response: Response, id: &RequestId) -> Response {
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| unspoken(&response));
    if let Some(problem) = problem {
        response = refused(problem, id.0.clone(), response);
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The framework refuses some requests by itself, in words of its own.
fn unspoken(response: &Response) -> Option<Problem> {
    let status = response.status();
    let json = HeaderValue::from_static("application/json");
    let spoken = response.headers().get(header::CONTENT_TYPE) == Some(&json);
    if spoken || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found("there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method_not_allowed",
            "this route does not know this method: see the header Allow",
        ),
        status if status.is_client_error() => {
            Problem::new(status, "malformed_request", "the request cannot be read")
        }
        _ => Problem::internal("the framework refused"),
    })
}

fn refused(problem: Problem, request_id: String, bare: Response) -> Response {
    if let Some(cause) = &problem.cause {
        tracing::error!(request_id, code = problem.code, cause, "a request failed");
    }
    let (status, code, retry_after) = (problem.status, problem.code, problem.retry_after);
    let error = problem.told_in(request_id);
    let (mut parts, _) = bare.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let mut response = (status, Json(ErrorBody { error })).into_response();
    response.headers_mut().extend(parts.headers);
    *response.extensions_mut() = parts.extensions;
    response.extensions_mut().insert(ErrorCode(code));
    let headers = response.headers_mut();
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A handler that panicked has failed its own caller, and nobody else.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what was thrown")]
pub fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what.downcast_ref::<String>().cloned();
    let text = text.or_else(|| what.downcast_ref::<&str>().map(|&text| text.to_owned()));
    Problem::internal(format!("panic: {}", text.unwrap_or_default())).into_response()
}
