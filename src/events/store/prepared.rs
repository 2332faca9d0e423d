//! What needs no turn at the log: whoever appends writes its facts down and seals them, beside all others.
//!
//! In the turn they would be written one after the other, while everybody waits.

use std::borrow::Cow;

use super::append::Append;
use super::sealing;
use super::vault::{Keys, Vault};
use crate::events::Fact;
use crate::events::codec::{self, CodecError, Encoded};
use crate::values::{EventId, OpenError, TenantId, Timestamp};

/// An append whose facts are written down.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) append: Append,
    /// The facts of all parts, in their order.
    pub(super) facts: Vec<Written>,
    /// Who and why, as JSON: the same for all of them.
    pub(super) metadata: String,
}

/// A fact as it will stand in the log, but for its place.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) id: EventId,
    pub(super) encoded: Encoded,
    /// What is personal in it is sealed already.
    sealed: bool,
}

impl Prepared {
    /// Fails for a fact that nobody could read again.
    pub(super) fn new(append: Append, vault: &Vault) -> Result<Self, sqlx::Error> {
        let metadata = serde_json::to_string(&append.metadata).map_err(unwritable)?;
        let facts = append.parts.iter().flat_map(|part| &part.facts);
        let facts = facts.map(|fact| Written::new(fact, append.at, vault));
        let facts = facts.collect::<Result<_, _>>().map_err(unwritable)?;
        Ok(Self { append, facts, metadata })
    }
}

impl Written {
    fn new(fact: &Fact, at: Timestamp, vault: &Vault) -> Result<Self, Unwritable> {
        let id = EventId::at(at);
        let mut encoded = codec::encode(fact)?;
        let stream = fact.stream();
        let key = stream.owner().and_then(|owner| Some((owner, vault.remembered(owner)?)));
        let sealed = key.is_some();
        if let Some((owner, key)) = key {
            let context = sealing::context(owner, id);
            encoded.payload = sealing::sealed(encoded.payload, Some(&key), &context)?;
        }
        Ok(Self { id, encoded, sealed })
    }

    /// The payload as it is to be kept: a key that was destroyed since hides what was sealed with it, and one
    /// that was not known before the turn is known in it.
    pub(super) fn payload(
        &self,
        owner: Option<TenantId>,
        keys: &Keys,
    ) -> Result<Cow<'_, str>, OpenError> {
        let written = self.encoded.payload.as_str();
        let Some(owner) = owner else { return Ok(Cow::Borrowed(written)) };
        if self.sealed {
            return Ok(if keys.is_destroyed(owner) {
                Cow::Owned(sealing::erased(written))
            } else {
                Cow::Borrowed(written)
            });
        }
        let context = sealing::context(owner, self.id);
        sealing::sealed(written.to_owned(), keys.usable(owner), &context).map(Cow::Owned)
    }
}

#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error(transparent)]
    Seal(#[from] OpenError),
}

/// As what Postgres itself would not take.
pub(super) fn unwritable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;
    use crate::events::store::vault::TenantKey;
    use crate::values::DataKey;

    const CLEAR: &str = r#"{"code":550,"personal":{"message":"no"}}"#;

    fn keys(tenant: TenantId, key: TenantKey) -> Keys {
        Keys(HashMap::from([(tenant, key)]))
    }

    fn written(payload: String, sealed: bool) -> (TenantId, Written) {
        let now = "2024-01-15T10:30:00Z".parse().unwrap();
        let encoded = Encoded { name: "email.recipient_bounced".to_owned(), schema: 2, payload };
        (TenantId::at(now), Written { id: EventId::at(now), encoded, sealed })
    }

    #[test]
    fn what_was_sealed_before_the_turn_is_erased_in_it_if_the_key_is_destroyed() {
        let (tenant, fact) = written(CLEAR.replace(r#"{"message":"no"}"#, r#""v1.abc""#), true);
        let key = TenantKey::Usable(Arc::new(DataKey::make()));
        let kept = fact.payload(Some(tenant), &keys(tenant, key)).unwrap();
        assert_eq!(kept, r#"{"code":550,"personal":"v1.abc"}"#);
        let gone = fact.payload(Some(tenant), &keys(tenant, TenantKey::Destroyed)).unwrap();
        assert_eq!(gone, r#"{"code":550,"personal":"[erased]"}"#);
    }

    #[test]
    fn what_nobody_could_seal_before_the_turn_is_sealed_in_it() {
        let (tenant, fact) = written(CLEAR.to_owned(), false);
        let key = TenantKey::Usable(Arc::new(DataKey::make()));
        let sealed = fact.payload(Some(tenant), &keys(tenant, key)).unwrap();
        assert!(sealed.starts_with(r#"{"code":550,"personal":"v1."#));
        let gone = fact.payload(Some(tenant), &keys(tenant, TenantKey::Destroyed)).unwrap();
        assert_eq!(gone, r#"{"code":550,"personal":"[erased]"}"#);
    }
}
