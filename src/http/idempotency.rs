//! The same `Idempotency-Key` and the same request: the same answer, for a day.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Api;
use super::caller::Caller;
use super::door::Recorded;
use super::problem::Problem;
use crate::commands::Command;
use crate::commands::batch::{Batch, BatchOnce, Kept};
use crate::commands::context::Repeatable;
use crate::commands::executor::Once;
use crate::commands::past::Done;
use crate::values::SecretKey;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// On an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request that may be sent twice, with what is needed to recognise it.
#[derive(Debug)]
pub struct Asked {
    caller: Caller,
    key: Option<String>,
    method_and_path: String,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    status: u16,
    body: Box<RawValue>,
}

/// Whether an answer gives away a secret, which only the key that asked first may see again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It does not.
    Openly,
    /// It does.
    InSecret,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let key = key_of(&parts.headers)?;
        let query = parts.uri.query().unwrap_or_default();
        let method_and_path = format!("{} {}?{query}", parts.method, parts.uri.path());
        Ok(Self { caller, key, method_and_path })
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let printable = |text: &&str| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let text = first.to_str().ok().filter(|text| (1..=255).contains(&text.len()));
    let text = text.filter(printable);
    match (text, given.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        (_, _) => Err(Problem::invalid_field(
            "Idempotency-Key",
            "give it once, with 1 to 255 printable ASCII characters",
        )),
    }
}

impl Asked {
    /// What recognises this request, if its sender wants it recognised.
    fn repeatable(&self, body: &[u8], answers: Answers) -> Option<Repeatable> {
        let key = self.key.clone()?;
        let mut digest = Sha256::new();
        digest.update(self.method_and_path.as_bytes());
        digest.update([0]);
        if answers == Answers::InSecret {
            digest.update(self.caller.key.id.to_string().as_bytes());
        }
        digest.update([0]);
        digest.update(body);
        let scope = self.caller.key.tenant.map_or("operator".to_owned(), |id| id.to_string());
        Some(Repeatable { scope, key, request: hex::encode(digest.finalize()) })
    }

    /// What was read of the request; or, if it is no longer valid but was carried out before, the
    /// answer of then. A time that was ahead when it was first sent may have passed since.
    pub async fn or_answered_before<T>(
        &self,
        api: &Api,
        body: &[u8],
        read: Result<T, Problem>,
    ) -> Result<Result<T, Response>, Problem> {
        let problem = match read {
            Ok(read) => return Ok(Ok(read)),
            Err(problem) => problem,
        };
        let Some(repeatable) = self.repeatable(body, Answers::Openly) else { return Err(problem) };
        let known = api.commands.answer_of::<Problem>(&repeatable).await?;
        match known {
            Some(answer) => Ok(Err(replayed(api, &repeatable, &answer)?)),
            None => Err(problem),
        }
    }

    /// Carries a command out and answers; under an idempotency key once, however often it is asked.
    pub async fn run<C, V>(
        &self,
        api: &Api,
        (body, answers): (&[u8], Answers),
        command: &C,
        (status, view): (StatusCode, impl Fn(&Done<C::State>) -> V + Sync),
    ) -> Result<Response, Problem>
    where
        C: Command,
        C::Refusal: Into<Problem>,
        V: Serialize,
    {
        let context = self.caller.context();
        let Some(repeatable) = self.repeatable(body, answers) else {
            let done = api.commands.run(&context, command).await?;
            return Ok(told(done.position > 0, (status, Json(view(&done)))));
        };
        let answer = |done: &Done<C::State>| kept(&api.secrets, &repeatable, status, &view(done));
        match api.commands.run_once(&context, command, &repeatable, &answer).await? {
            Once::Done(done) => Ok(told(done.position > 0, (status, Json(view(&done))))),
            Once::Again(answer) => replayed(api, &repeatable, &answer),
        }
    }

    /// Carries a batch out and answers; under an idempotency key once, however often it is asked. Says
    /// also how many were accepted now.
    pub async fn run_batch<C: Command<Refusal: Clone + Into<Problem>>, V: Serialize>(
        &self,
        api: &Api,
        body: &[u8],
        commands: &[C],
        view: &(impl Fn(&Batch<C::Refusal>) -> Result<V, Problem> + Sync),
    ) -> Result<(Response, u64), Problem> {
        let repeatable = self.repeatable(body, Answers::Openly);
        let answer = |batch: &Batch<C::Refusal>| {
            // Of a batch of which something was accepted there is always a view.
            let view = repeatable.as_ref().zip(view(batch).ok());
            let kept = view.map(|(it, view)| kept(&api.secrets, it, StatusCode::ACCEPTED, &view));
            kept.unwrap_or_default()
        };
        let keep = repeatable.as_ref().map(|repeatable| Kept { repeatable, answer: &answer });
        let context = self.caller.context();
        match (api.commands.run_batch(&context, commands, keep).await?, &repeatable) {
            (BatchOnce::Done(batch), _) => {
                let accepted = batch.accepted();
                Ok((told(accepted > 0, (StatusCode::ACCEPTED, Json(view(&batch)?))), accepted))
            }
            (BatchOnce::Again(answer), Some(it)) => Ok((replayed(api, it, &answer)?, 0)),
            (BatchOnce::Again(_), None) => Err(Problem::internal("repeated without a key")),
        }
    }

    /// Keeps the answer to a request that changes nothing; if another was faster, its answer counts.
    pub async fn keep<V: Serialize>(
        &self,
        api: &Api,
        body: &[u8],
        view: V,
    ) -> Result<Response, Problem> {
        if let Some(repeatable) = self.repeatable(body, Answers::Openly) {
            let answer = kept(&api.secrets, &repeatable, StatusCode::OK, &view);
            let first = api.commands.keep_answer::<Problem>(&repeatable, answer).await?;
            if let Some(first) = first {
                return replayed(api, &repeatable, &first);
            }
        }
        Ok(Json(view).into_response())
    }

    /// The answer that was given before to a request that changes nothing.
    pub async fn answered(&self, api: &Api, body: &[u8]) -> Result<Option<Response>, Problem> {
        let Some(repeatable) = self.repeatable(body, Answers::Openly) else { return Ok(None) };
        let known = api.commands.answer_of::<Problem>(&repeatable).await?;
        known.map(|answer| replayed(api, &repeatable, &answer)).transpose()
    }
}

/// An answer, marked if something was recorded for it.
fn told(recorded: bool, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if recorded {
        response.extensions_mut().insert(Recorded);
    }
    response
}

fn owner(repeatable: &Repeatable) -> String {
    format!("receipt/{}", repeatable.scope)
}

/// Neither step fails for what we answer. If one did, a repeat would be told that its answer is lost, and
/// nothing would be done twice.
fn kept<V: Serialize>(
    secrets: &SecretKey,
    repeatable: &Repeatable,
    status: StatusCode,
    view: &V,
) -> Vec<u8> {
    let body = serde_json::value::to_raw_value(view);
    let kept =
        body.and_then(|body| serde_json::to_vec(&KeptAnswer { status: status.as_u16(), body }));
    kept.ok()
        .and_then(|text| secrets.seal_bytes(&owner(repeatable), &text).ok())
        .unwrap_or_default()
}

fn replayed(api: &Api, repeatable: &Repeatable, answer: &[u8]) -> Result<Response, Problem> {
    let broken = || Problem::internal("the answer to a repeated request cannot be opened");
    let text = api.secrets.open_bytes(&owner(repeatable), answer).map_err(|_| broken())?;
    let kept: KeptAnswer = serde_json::from_slice(&text).map_err(|_| broken())?;
    let status = StatusCode::from_u16(kept.status).map_err(|_| broken())?;
    let mut response = (status, Json(kept.body)).into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
