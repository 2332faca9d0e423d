//! What decisions know of an API key.

use crate::commands::State;
use crate::events::api_key::ApiKeyCreated;
use crate::events::{ApiKeyEvent, Fact, Recorded};
use crate::values::{KeyId, Timestamp};

/// A key's past, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyState {
    key: Option<Key>,
}

/// A key as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// How it began.
    pub created: ApiKeyCreated,
    /// When it began.
    pub created_at: Timestamp,
    /// When it stops by itself, be it that it was made so or that another took its place.
    pub expires_at: Option<Timestamp>,
    /// The key that took its place.
    pub successor: Option<KeyId>,
    /// It opens nothing any more.
    pub revoked: bool,
}

impl KeyState {
    /// The key, unless it was never there or is revoked.
    pub fn living(&self) -> Option<&Key> {
        self.key.as_ref().filter(|key| !key.revoked)
    }

    /// The key, revoked or not.
    pub fn ever(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// True if it opens doors at that moment.
    pub fn opens_at(&self, now: Timestamp) -> bool {
        self.living().is_some_and(|key| key.expires_at.is_none_or(|end| now < end))
    }
}

impl State for KeyState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::ApiKey(_, _, event) = &recorded.fact else { return };
        match (event, &mut self.key) {
            (ApiKeyEvent::Created(created), key) => {
                *key = Some(Key {
                    created: created.clone(),
                    created_at: recorded.at,
                    expires_at: created.expires_at,
                    successor: None,
                    revoked: false,
                });
            }
            (ApiKeyEvent::Rotated { successor, expires_at }, Some(key)) => {
                key.successor = Some(*successor);
                key.expires_at = Some(*expires_at);
            }
            (ApiKeyEvent::Revoked, Some(key)) => key.revoked = true,
            (ApiKeyEvent::Rotated { .. } | ApiKeyEvent::Revoked, None) => {}
        }
    }
}
