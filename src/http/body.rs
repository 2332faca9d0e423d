//! The body of a request: bounded, of the right type, and kept byte for byte for its digest.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Api;
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
        if !self.is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON: Content-Type: application/json",
            ));
        }
        self.understood()
    }

    /// As [`json`](Self::json), where a body may also be left out.
    pub fn json_or_nothing<T>(&self) -> Result<T, Problem>
    where
        T: DeserializeOwned + Default,
    {
        if self.bytes.is_empty() { Ok(T::default()) } else { self.json() }
    }

    fn understood<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.bytes.is_empty() {
            return Err(Problem::malformed("the body is empty: send a JSON object"));
        }
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|_| Problem::malformed("the body is not valid UTF-8"))?;
        serde_json::from_str(text).map_err(|error| match error.classify() {
            // Whatever has the right form but another type was taken by its field; what is left is
            // no object, or names a field twice.
            Category::Data => Problem::invalid_field(
                "body",
                format!(
                    "give one JSON object that names each field once (line {}, column {})",
                    error.line(),
                    error.column()
                ),
            ),
            Category::Io | Category::Syntax | Category::Eof => Problem::malformed(format!(
                "the body is not valid JSON, or nested too deeply (line {}, column {})",
                error.line(),
                error.column()
            )),
        })
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
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
