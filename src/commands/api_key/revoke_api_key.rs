//! A key is revoked: it opens nothing from here on.

use super::{ADMIN_KEY, KeyState};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::store::append::Guard;
use crate::events::{ApiKeyEvent, Fact, Stream};
use crate::values::{KeyId, TenantId, Timestamp};

/// Asks for the end of a key.
#[derive(Clone, Copy, Debug)]
pub struct RevokeApiKey {
    /// Whose; none for an admin's.
    pub tenant: Option<TenantId>,
    /// Which.
    pub key: KeyId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such key, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such API key")]
    NotFound,
}

impl Command for RevokeApiKey {
    type State = KeyState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::api_key(self.tenant, self.key)
    }

    fn decide(&self, key: &KeyState, _: &TenantState, _: Timestamp) -> Result<Decision, Refusal> {
        if key.ever().is_none() {
            return Err(Refusal::NotFound);
        }
        let Some(living) = key.living() else { return Ok(Decision::already()) };
        let revoked = Fact::ApiKey(self.tenant, self.key, ApiKeyEvent::Revoked);
        let decision = Decision::of(vec![revoked]);
        Ok(match self.tenant {
            Some(_) => decision,
            // The operator may set the same key again one day: then it is a new key.
            None => decision.guarded(Guard::Release {
                kind: ADMIN_KEY,
                name: living.created.hash.to_string(),
                owner: self.key.to_string(),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn what_never_was_cannot_be_revoked() {
        let command = RevokeApiKey { tenant: None, key: KeyId::at(now()) };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
