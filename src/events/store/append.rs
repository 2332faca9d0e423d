//! What is asked of the log's writer, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc::error::TrySendError, oneshot};

use crate::values::{Day, TenantId, Timestamp};

use super::EventStore;
use super::prepared::Prepared;
use crate::events::{Fact, Metadata, Recorded, Stream};

/// So many appends may wait for the writer; beyond them callers are told to come back.
pub const QUEUE: usize = 4_096;

/// The most that one append may bring to disk, in bytes of sealed contents: what waits is held in memory.
const LARGEST: usize = 64 * 1024 * 1024;

/// Facts that are to be recorded together or not at all.
#[derive(Clone, Debug)]
pub struct Append {
    /// What happened to each stream; nothing, if only guards are to be kept.
    pub parts: Vec<Part>,
    /// What must hold besides.
    pub guards: Vec<Guard>,
    /// Contents to keep beside the facts, sealed.
    pub contents: Vec<SealedContent>,
    /// Who and why.
    pub metadata: Metadata,
    /// The moment of the decision: the caller is told it, so it is the moment of the facts too.
    pub at: Timestamp,
}

impl Append {
    /// What it brings besides its facts, in bytes: contents, and an answer that is kept.
    pub(super) fn bytes(&self) -> usize {
        let contents = self.contents.iter().map(|content| content.sealed.len());
        let answers = self.guards.iter().map(|guard| match guard {
            Guard::Receipt(receipt) => receipt.answer.len(),
            Guard::StreamAt { .. }
            | Guard::Claim { .. }
            | Guard::Release { .. }
            | Guard::Quota { .. } => 0,
        });
        contents.chain(answers).sum()
    }
}

/// What happened to one stream.
#[derive(Clone, Debug)]
pub struct Part {
    /// The stream that the facts continue.
    pub stream: Stream,
    /// How many facts the decision saw in it.
    pub expected: i64,
    /// What happened. Never empty.
    pub facts: Vec<Fact>,
}

/// Bodies and attachments on their way to disk.
#[derive(Clone, Debug)]
pub struct SealedContent {
    /// Whose.
    pub tenant: TenantId,
    /// The name in the fact.
    pub digest: String,
    /// Encrypted.
    pub sealed: Bytes,
}

/// What must hold in the moment of the append, or nothing is recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// Another stream that the decision relied on has not grown since.
    StreamAt {
        /// Which.
        stream: Stream,
        /// How many facts it had.
        version: i64,
    },
    /// The name is free, or ours already; it is ours afterwards.
    Claim {
        /// What sort of name: `domain`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Who wants it.
        owner: String,
    },
    /// Gives a name up, if it is ours.
    Release {
        /// What sort of name.
        kind: &'static str,
        /// The name.
        name: String,
        /// Who has it.
        owner: String,
    },
    /// The day's use stays within the limit, this included.
    Quota {
        /// Whose.
        tenant: TenantId,
        /// Which UTC day.
        day: Day,
        /// How much this uses.
        amount: u64,
        /// At most so much in all; none counts without a bound.
        limit: Option<u64>,
    },
    /// No answer was given yet under this key; this one is kept for a day.
    Receipt(Receipt),
}

/// The answer to a request that may come twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose key it is: the tenant, or the operator.
    pub scope: String,
    /// The caller's `Idempotency-Key`.
    pub key: String,
    /// Digest of method, path and body: the same key with another request is a mistake.
    pub request: String,
    /// The sealed answer.
    pub answer: Vec<u8>,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream has grown since the decision: decide again.
    #[error("the stream has grown meanwhile")]
    Conflict,
    /// Another stream that was relied on has grown: decide again.
    #[error("{0} has changed meanwhile")]
    Moved(Stream),
    /// Somebody else has this name.
    #[error("the {kind} {name} is taken")]
    Taken {
        /// What sort of name.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The time of the decision lies in a period that has been closed since: decide again.
    #[error("what was before {not_before} is closed")]
    Late {
        /// The first moment at which something can be recorded.
        not_before: Timestamp,
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
    /// The same request was answered before, with this sealed answer.
    #[error("the request was answered before")]
    Answered(Vec<u8>),
    /// The key was used before, for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// It holds more than one append may: asked again, it would be refused again.
    #[error("the contents are too large: at most {0} bytes at once")]
    TooLarge(usize),
    /// More waits than can be written in reasonable time.
    #[error("too many requests wait for the log")]
    Full,
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The database did not take it, or did not say so.
    #[error("the log cannot be written")]
    Database(#[source] Arc<sqlx::Error>),
}

/// An append with whoever waits for it.
pub(super) struct Waiting {
    pub(super) append: Prepared,
    pub(super) answer: oneshot::Sender<Result<Vec<Recorded>, AppendError>>,
}

impl EventStore {
    /// Records facts; answers with their places once they are on disk.
    pub async fn append(&self, append: Append) -> Result<Vec<Recorded>, AppendError> {
        fits(&append.contents)?;
        let append = Prepared::new(append, &self.vault)
            .map_err(|error| AppendError::Database(Arc::new(error)))?;
        let (answer, told) = oneshot::channel();
        self.queue.try_send(Waiting { append, answer }).map_err(|refused| match refused {
            TrySendError::Full(_) => AppendError::Full,
            TrySendError::Closed(_) => AppendError::Stopping,
        })?;
        told.await.unwrap_or(Err(AppendError::Stopping))
    }
}

fn fits(contents: &[SealedContent]) -> Result<(), AppendError> {
    let size: usize = contents.iter().map(|content| content.sealed.len()).sum();
    if size > LARGEST { Err(AppendError::TooLarge(LARGEST)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_append_brings_so_much_to_disk_and_no_more() {
        let tenant = TenantId::at("2024-01-15T10:30:00Z".parse().unwrap());
        let content = |size| SealedContent {
            tenant,
            digest: "d".to_owned(),
            sealed: Bytes::from(vec![0; size]),
        };
        let mut contents = vec![content(LARGEST / 64); 64];
        assert!(fits(&contents).is_ok());
        contents.push(content(1));
        assert!(matches!(fits(&contents), Err(AppendError::TooLarge(LARGEST))));
    }

    #[test]
    fn a_kept_answer_counts_as_contents_do() {
        let tenant = TenantId::at("2024-01-15T10:30:00Z".parse().unwrap());
        let sealed = Bytes::from(vec![0; 5]);
        let [scope, key, request] = ["s", "k", "r"].map(ToOwned::to_owned);
        let append = Append {
            parts: Vec::new(),
            guards: vec![
                Guard::StreamAt { stream: Stream::tenant(tenant), version: 1 },
                Guard::Receipt(Receipt { scope, key, request, answer: vec![0; 7] }),
            ],
            contents: vec![SealedContent { tenant, digest: "d".to_owned(), sealed }],
            metadata: Metadata::default(),
            at: "2024-01-15T10:30:00Z".parse().unwrap(),
        };
        assert_eq!(append.bytes(), 12);
    }
}
