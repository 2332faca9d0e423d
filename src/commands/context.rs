//! Who asks, in which request, and under which idempotency key.

use crate::events::{Metadata, Recorded, Stream};
use crate::values::{EventId, KeyId, TenantId};

/// The circumstances of a command.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// A key's id, or the part of the service that acts.
    pub actor: String,
    /// The HTTP request in which it is asked.
    pub request_id: Option<String>,
    /// The key by which it is asked: it must still be what it was when the caller was let in.
    pub key: Option<KeySeen>,
    /// It is asked because of the last fact of the stream that it continues.
    pub reacts: bool,
}

/// A fact because of which something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    id: EventId,
    correlation_id: Option<String>,
}

impl Cause {
    /// This fact.
    pub fn of(recorded: &Recorded) -> Self {
        Self { id: recorded.id, correlation_id: recorded.metadata.correlation_id.clone() }
    }
}

/// A key as the caller was let in with it.
#[derive(Clone, Debug)]
pub struct KeySeen {
    pub(super) stream: Stream,
    pub(super) version: i64,
}

impl KeySeen {
    /// A key of a tenant's, or of the operator's, as it was.
    pub fn new(tenant: Option<TenantId>, key: KeyId, version: i64) -> Self {
        Self { stream: Stream::api_key(tenant, key), version }
    }
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

    /// A part of the service acts because of the last fact of the stream that it continues.
    pub fn reaction_of(actor: &str) -> Self {
        Self { reacts: true, ..Self::of(actor) }
    }

    /// What an auditor will see; `last` is the last fact of the stream that is continued.
    pub fn metadata(&self, last: Option<&Cause>) -> Metadata {
        let cause = last.filter(|_| self.reacts);
        Metadata {
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            correlation_id: match cause {
                Some(cause) => cause.correlation_id.clone(),
                None => self.request_id.clone(),
            },
            causation_id: cause.map(|cause| cause.id),
        }
    }
}
