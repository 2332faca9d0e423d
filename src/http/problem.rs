//! Every way in which the answer can be no.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::CommandError;
use crate::commands::template::TEMPLATE;
use crate::telemetry::chain;

/// Why a request is not carried out. It leaves as a bare status; [`door`](super::door) writes its body,
/// since only the door knows the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The same for ever: programs decide by it.
    pub code: &'static str,
    /// What to do, for people.
    pub message: String,
    /// Every faulty field.
    pub details: Vec<Detail>,
    /// Not before so many seconds.
    pub retry_after: Option<u64>,
    /// What went wrong inside: for our log, never for the answer.
    pub cause: Option<String>,
}

/// One faulty field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// Where it is, such as `to[1]` or `smtp.host`.
    #[schema(example = "to[1]")]
    pub field: String,
    /// What to mend.
    pub message: String,
}

/// The body of every answer with an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong.
    pub error: ErrorView,
}

/// What is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorView {
    /// For programs: the same for ever.
    #[schema(example = "invalid_request")]
    pub code: String,
    /// For people.
    pub message: String,
    /// Every faulty field, if fields are at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Under which the service's log knows this request.
    pub request_id: String,
}

impl Problem {
    /// A plain refusal.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// The request itself cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", message)
    }

    /// It can be read, and these fields are wrong.
    pub fn invalid(details: Vec<Detail>) -> Self {
        let message = match details.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            all => format!("{} fields are not valid: see details", all.len()),
        };
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", message);
        Self { details, ..problem }
    }

    /// One field is wrong.
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Detail { field: field.to_owned(), message: message.into() }])
    }

    /// Nobody known asks.
    pub fn unauthorized() -> Self {
        let message = "give a valid API key: Authorization: Bearer <key>";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// Somebody known asks for what it may not do.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// It does not go together with what there is.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// More than we take.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// More than one may ask.
    pub fn too_many(code: &'static str, message: impl Into<String>, retry_after: u64) -> Self {
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, code, message);
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// Not now: try again.
    pub fn unavailable(message: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
        Self { retry_after: Some(1), ..problem }
    }

    /// Our own fault.
    pub fn internal(cause: impl Into<String>) -> Self {
        let message = "something went wrong on our side; it is logged under this request id";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message);
        Self { cause: Some(cause.into()), ..problem }
    }

    /// How it is told, in the answer to this request.
    pub fn told_in(self, request_id: String) -> ErrorView {
        let (code, details) = (self.code.to_owned(), self.details);
        ErrorView { code, message: self.message, details, request_id }
    }

    /// With what went wrong inside, for our log.
    #[must_use]
    pub fn because(self, error: &dyn std::error::Error) -> Self {
        Self { cause: Some(chain(error)), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable("the database does not answer: try again").because(&error)
    }
}

impl From<std::convert::Infallible> for Problem {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl<R: Into<Self>> From<CommandError<R>> for Problem {
    fn from(error: CommandError<R>) -> Self {
        let busy = "the service is busy or stopping: try again";
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::KeyGone => Self::unauthorized(),
            CommandError::Contended => {
                Self::unavailable("others changed the same thing at the same time: try again")
            }
            CommandError::Taken { kind: TEMPLATE, .. } => {
                Self::conflict("taken", "another template has this name: choose a new one")
            }
            CommandError::Taken { kind, name } => {
                Self::conflict("taken", format!("the {kind} {name} belongs to another tenant"))
            }
            CommandError::OverQuota { wait, limit, used } => Self::too_many(
                "daily_limit",
                format!("{used} of {limit} emails are sent today (UTC): nothing was queued"),
                // Not a moment before the day has ended.
                wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
            ),
            CommandError::KeyReused => Self::conflict(
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request: give a new one",
            ),
            CommandError::TooLarge(most) => Self::too_large(format!(
                "the contents are too large: at most {most} bytes in one request"
            )),
            CommandError::Full => Self::unavailable(busy),
            CommandError::Log(error) => Self::unavailable(busy).because(&error),
            CommandError::Unsaid(error) => Self::unavailable(
                "the database did not confirm it: try again, with an Idempotency-Key so that it \
                 is done once",
            )
            .because(&*error),
        }
    }
}
