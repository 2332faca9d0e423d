//! Who asks, in which request, and under which idempotency key.

use crate::events::{Metadata, Stream};
use crate::values::{KeyId, TenantId};

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
