//! Why a command was not carried out: the rules, a name that is taken, or the log itself.

use std::sync::Arc;
use std::time::Duration;

use crate::events::store::ReadError;
use crate::events::store::append::AppendError;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// The rules do not allow it.
    #[error("refused")]
    Refused(R),
    /// The key by which it was asked has been revoked meanwhile.
    #[error("the key was revoked meanwhile")]
    KeyGone,
    /// Others were faster each time.
    #[error("too many changes to the same thing at once")]
    Contended,
    /// Somebody else has this name.
    #[error("the {kind} {name} is taken")]
    Taken {
        /// What sort of name.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// It would be more than the day allows.
    #[error("the day's allowance of {limit} is used up: {used} so far")]
    OverQuota {
        /// How long that day still is.
        wait: Duration,
        /// The allowance.
        limit: u64,
        /// What was used before.
        used: u64,
    },
    /// The idempotency key was used before, for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// It holds more than can be recorded at once, in bytes.
    #[error("the contents are too large: at most {0} bytes at once")]
    TooLarge(usize),
    /// More waits for the log than can be written in reasonable time.
    #[error("too many requests wait for the log")]
    Full,
    /// The log could not be read or written.
    #[error("the log does not answer")]
    Log(#[source] sqlx::Error),
    /// It was asked of a writer that stops, or that cannot say whether it was written.
    #[error("the log did not take it, or did not say so")]
    Unsaid(#[source] Arc<sqlx::Error>),
}

impl<R> From<ReadError> for CommandError<R> {
    fn from(error: ReadError) -> Self {
        Self::Log(error.into())
    }
}

impl<R> From<AppendError> for CommandError<R> {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Taken { kind, name } => Self::Taken { kind, name },
            AppendError::OverQuota { wait, limit, used } => Self::OverQuota { wait, limit, used },
            AppendError::KeyReused => Self::KeyReused,
            AppendError::Database(error) => Self::Unsaid(error),
            AppendError::TooLarge(most) => Self::TooLarge(most),
            AppendError::Full | AppendError::Stopping => Self::Full,
            AppendError::Conflict
            | AppendError::Moved(_)
            | AppendError::Late { .. }
            | AppendError::Answered(_) => Self::Contended,
        }
    }
}
