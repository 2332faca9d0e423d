//! The body of a request: bounded, of the right type, and kept byte for byte for its digest.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Api;
use super::field::{Faults, Unknown, shown};
use super::json::{self, Fault, MOST_VALUES};
use super::problem::Problem;

/// The largest body: 25 MiB of attachments are 33.4 MiB in base64, and there are texts beside them.
pub const LARGEST: usize = 36 * 1024 * 1024;

/// How long a caller may take over a body.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bytes of a body, with the room that they take up; it is free once all clones are gone.
#[derive(Clone, Debug)]
pub struct Raw {
    /// As they came.
    pub bytes: Bytes,
    is_json: bool,
    _room: Arc<Option<OwnedSemaphorePermit>>,
}

impl FromRequest<Api> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        if is_coded(request.headers()) {
            return Err(unsupported("send the body as it is, without Content-Encoding"));
        }
        let (length, is_json) = (announced(request.headers()), is_json(request.headers()));
        if length.is_some_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let reading = read(request, &api.body_room, length.unwrap_or(0));
        let (bytes, room) = timeout(PATIENCE, reading).await.unwrap_or_else(|_| {
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the body did not arrive within 60 seconds",
            ))
        })?;
        Ok(Self { bytes, is_json, _room: Arc::new(room) })
    }
}

impl Raw {
    /// What stands in it, as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.json_of(MOST_VALUES)
    }

    /// As [`json`](Self::json), for a body that may hold more values than others, or fewer.
    pub fn json_of<T: DeserializeOwned>(&self, most_values: usize) -> Result<T, Problem> {
        if !self.is_json {
            return Err(unsupported("send JSON: Content-Type: application/json"));
        }
        self.understood(most_values)
    }

    /// As [`json`](Self::json), where a body may also be left out.
    pub fn json_or_nothing<T>(&self) -> Result<T, Problem>
    where
        T: DeserializeOwned + Default,
    {
        if self.bytes.is_empty() { Ok(T::default()) } else { self.json() }
    }

    fn understood<T: DeserializeOwned>(&self, most_values: usize) -> Result<T, Problem> {
        if self.bytes.is_empty() {
            return Err(Problem::malformed("the body is empty: send a JSON object"));
        }
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|_| Problem::malformed("the body is not valid UTF-8"))?;
        let object = json::object(text, most_values)?;
        // Whatever has another type than its field was taken by the field, which says so later.
        serde_json::from_value(Value::Object(object)).map_err(|_| Fault::NoObject.into())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Syntax(line, column) => Self::malformed(format!(
                "the body is not valid JSON, or nested too deeply (line {line}, column {column})"
            )),
            Fault::NoObject => Self::invalid_field("body", "give one JSON object"),
            Fault::Twice(name) => Self::invalid_field(&shown(&name), "give it once"),
            Fault::TooMuch(most) => {
                Self::too_large(format!("the body holds too many values: at most {most}"))
            }
        }
    }
}

/// The body of a request that says all by itself: none, or an empty object.
#[derive(Clone, Debug)]
pub struct NoBody(pub Raw);

#[derive(Default, Deserialize)]
struct Nothing {
    #[serde(flatten)]
    unknown: Unknown,
}

impl FromRequest<Api> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let raw = Raw::from_request(request, api).await?;
        let nothing = raw.json_or_nothing::<Nothing>()?;
        let mut faults = Faults::default();
        faults.unknown("", &nothing.unknown);
        faults.done(Some(Self(raw)))
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_coded(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| {
        !coding.to_str().is_ok_and(|coding| coding.trim().eq_ignore_ascii_case("identity"))
    })
}

fn unsupported(message: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(given) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// What was read, and the room that it takes up.
type Read = (Bytes, Option<OwnedSemaphorePermit>);

/// Reads while there is room in the house. Room is never waited for: whoever holds a part of it while
/// waiting for more could wait for ever.
async fn read(request: Request, house: &Arc<Semaphore>, expected: usize) -> Result<Read, Problem> {
    let mut stream = request.into_body().into_data_stream();
    let mut bytes = BytesMut::with_capacity(expected.min(64 * 1024));
    let mut room: Option<OwnedSemaphorePermit> = None;
    let mut kib = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("the body was cut off"))?;
        if bytes.len() + chunk.len() > LARGEST {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
        let needed = bytes.len().div_ceil(1024);
        if needed > kib {
            let more = u32::try_from(needed - kib).unwrap_or(u32::MAX);
            let more = Arc::clone(house)
                .try_acquire_many_owned(more)
                .map_err(|_| Problem::unavailable("too many large requests at once: try again"))?;
            kib = needed;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
        }
    }
    Ok((bytes.freeze(), room))
}

fn too_large() -> Problem {
    Problem::too_large("the body is too large: at most 36 MiB, with at most 25 MiB of attachments")
}
