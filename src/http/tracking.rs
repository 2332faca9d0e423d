//! `/t/…`: the pixel and the links of tracked mails, fetched by whoever reads them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::Api;
use super::problem::{ErrorBody, Problem};
use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::email::RecordReading;
use crate::values::{Seen, Trace};

/// Whoever follows a link waits no longer than this for its being written down.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many characters of a program's name are kept.
const LONGEST_AGENT: usize = 256;

/// A transparent picture of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// By these a program says that nobody looks at what it fetches, or not yet.
const AHEAD: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// The picture in a tracked email.
#[utoipa::path(get, path = "/t/o/{token}", tag = "Tracking", security(()),
    params(("token" = String, Path)),
    responses((status = 200, description = "A transparent picture.", content_type = "image/gif"),
              (status = 404, body = ErrorBody)))]
pub async fn pixel(
    State(api): State<Api>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let trace = traced(&api, &token).filter(|trace| trace.seen == Seen::Opened);
    noted(&api, trace.ok_or_else(no_such_link)?, (&method, &headers)).await;
    Ok(([(header::CONTENT_TYPE, "image/gif")], PIXEL).into_response())
}

/// A link in a tracked email: leads to where its sender meant it to.
#[utoipa::path(get, path = "/t/c/{token}", tag = "Tracking", security(()),
    params(("token" = String, Path)),
    responses((status = 302, description = "To the link's own address."),
              (status = 404, body = ErrorBody)))]
pub async fn click(
    State(api): State<Api>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let trace = traced(&api, &token).ok_or_else(no_such_link)?;
    let Seen::Clicked { url, .. } = &trace.seen else { return Err(no_such_link()) };
    let location = HeaderValue::from_str(url).map_err(|_| no_such_link())?;
    noted(&api, trace, (&method, &headers)).await;
    let quiet = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok((StatusCode::FOUND, [(header::LOCATION, location), quiet]).into_response())
}

fn no_such_link() -> Problem {
    Problem::not_found("there is no such link")
}

fn traced(api: &Api, token: &str) -> Option<Trace> {
    Trace::read(token, &api.secrets)
}

/// Whatever hinders us, the reader goes on: what is not written down is lost, and nothing else.
async fn noted(api: &Api, trace: Trace, (method, headers): (&Method, &HeaderMap)) {
    let ahead = AHEAD.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    let ahead = ahead.map(str::to_ascii_lowercase).any(|purpose| {
        ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word))
    });
    if *method != Method::GET || ahead {
        return;
    }
    let Ok(_room) = Arc::clone(&api.reading_room).try_acquire_owned() else { return };
    let command = RecordReading { trace, ip: ip(headers), user_agent: user_agent(headers) };
    let context = Context::of("tracking");
    match timeout(PATIENCE, api.commands.run(&context, &command)).await {
        Ok(Ok(done)) => {
            let noted = u64::try_from(done.facts.len()).unwrap_or(0);
            metrics::counter!("selfmx_readings").increment(noted);
        }
        Ok(Err(CommandError::Refused(refusal))) => {
            tracing::debug!(email = %command.trace.email, %refusal, "a reading is not noted");
        }
        Ok(Err(error)) => {
            tracing::warn!(email = %command.trace.email, %error, "a reading is lost");
        }
        Err(_) => {
            tracing::warn!(email = %command.trace.email, "a reading is lost: it took too long");
        }
    }
}

/// As the proxy before us says, whose word is the last one. It decides nothing.
fn ip(headers: &HeaderMap) -> Option<IpAddr> {
    let name = HeaderName::from_static("x-forwarded-for");
    let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(given.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect())
}
