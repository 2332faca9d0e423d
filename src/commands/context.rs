//! Who asks, in which request, and under which idempotency key.

use crate::events::{Metadata, Stream};

/// The circumstances of a command.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// A key's id, or the part of the service that acts.
    pub actor: String,
    /// The HTTP request in which it is asked.
    pub request_id: Option<String>,
    /// The key by which it is asked: it must still be what it was when the caller was let in.
    pub key: Option<KeySeen>,
}

/// A key as the caller was let in with it.
#[derive(Clone, Debug)]
pub struct KeySeen {
    /// Its stream.
    pub stream: Stream,
    /// How many facts it had.
    pub version: i64,
}

/// A request that may come twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeatable {
    /// Whose key it is.
    pub scope: String,
    /// The caller's `Idempotency-Key`.
    pub key: String,
    /// Digest of method, path and body.
    pub request: String,
}

impl Context {
    /// A part of the service acts by itself.
    pub fn of(actor: &str) -> Self {
        Self { actor: actor.to_owned(), ..Self::default() }
    }

    /// What an auditor will see.
    pub fn metadata(&self) -> Metadata {
        Metadata {
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            correlation_id: self.request_id.clone(),
            causation_id: None,
        }
    }
}
