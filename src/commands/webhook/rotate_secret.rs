//! A webhook gets a new secret; the former one signs beside it for a day.

use std::time::Duration;

use super::WebhookState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, WebhookEvent};
use crate::values::{Sealed, TenantId, Timestamp, WebhookId};

/// How long the former secret signs, too.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// Asks for a new secret.
#[derive(Clone, Debug)]
pub struct RotateSecret {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub webhook: WebhookId,
    /// The new one.
    pub secret: Sealed,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, it is gone, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such webhook")]
    NotFound,
}

impl Command for RotateSecret {
    type State = WebhookState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::webhook(self.tenant, self.webhook)
    }

    fn decide(
        &self,
        state: &WebhookState,
        _: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        state.living().ok_or(Refusal::NotFound)?;
        let former_until = now.plus(GRACE);
        let rotated = WebhookEvent::SecretRotated { secret: self.secret.clone(), former_until };
        Ok(Decision::of(vec![Fact::Webhook(self.tenant, self.webhook, rotated)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn what_never_was_has_no_secret() {
        let (tenant, webhook) = (TenantId::at(now()), WebhookId::at(now()));
        let command = RotateSecret { tenant, webhook, secret: "v1.AAAA".parse().unwrap() };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
