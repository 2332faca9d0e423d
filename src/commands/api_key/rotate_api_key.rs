//! A new key takes an old one's place; the old one still works for a while.

use std::time::Duration;

use super::KeyState;
use super::create_api_key::Granter;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::api_key::ApiKeyCreated;
use crate::events::{ApiKeyEvent, Fact, Stream};
use crate::values::{KeyId, TenantId, Timestamp, TokenHash};

/// Asks for a successor.
#[derive(Clone, Debug)]
pub struct RotateApiKey {
    /// Whose.
    pub tenant: TenantId,
    /// The old key.
    pub key: KeyId,
    /// The new key's id.
    pub successor: KeyId,
    /// The new key's keyed hash.
    pub hash: TokenHash,
    /// The new key's first characters.
    pub prefix: String,
    /// How long the old key still works.
    pub grace: Duration,
    /// The powers of the key that asks; none for an admin.
    pub granter: Option<Granter>,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such key, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such API key")]
    NotFound,
    /// It is revoked, has expired or has a successor already.
    #[error("this key has ended or has been rotated already")]
    Ended,
    /// The old key may do more than the one that asks.
    #[error("a key cannot grant what it has not itself: {0}")]
    MoreThanOneHas(&'static str),
}

impl Command for RotateApiKey {
    type State = KeyState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::api_key(Some(self.tenant), self.key)
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        state: &KeyState,
        tenant: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        let key = state.ever().ok_or(Refusal::NotFound)?;
        tenant.living().ok_or(Refusal::NotFound)?;
        if !state.opens_at(now) || key.successor.is_some() {
            return Err(Refusal::Ended);
        }
        let created = ApiKeyCreated {
            hash: self.hash.clone(),
            prefix: self.prefix.clone(),
            predecessor: Some(self.key),
            ..key.created.clone()
        };
        if let Some(granter) = &self.granter {
            granter.check(&created).map_err(|_| Refusal::MoreThanOneHas("permissions"))?;
        }
        // The grace must not lengthen the life that the old key was given.
        let grace_ends = now.plus(self.grace);
        let expires_at = key.expires_at.map_or(grace_ends, |end| end.min(grace_ends));
        let rotated = ApiKeyEvent::Rotated { successor: self.successor, expires_at };
        Ok(Decision::of(vec![
            Fact::ApiKey(Some(self.tenant), self.key, rotated),
            Fact::ApiKey(Some(self.tenant), self.successor, ApiKeyEvent::Created(created)),
        ]))
    }
}
