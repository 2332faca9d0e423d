//! The end of a webhook.

use super::WebhookState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, WebhookEvent};
use crate::values::{TenantId, Timestamp, WebhookId};

/// Asks for the end of a webhook.
#[derive(Clone, Copy, Debug)]
pub struct DeleteWebhook {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub webhook: WebhookId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, it is gone, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such webhook")]
    NotFound,
}

impl Command for DeleteWebhook {
    type State = WebhookState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::webhook(self.tenant, self.webhook)
    }

    fn decide(
        &self,
        state: &WebhookState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        state.living().ok_or(Refusal::NotFound)?;
        Ok(Decision::of(vec![Fact::Webhook(self.tenant, self.webhook, WebhookEvent::Deleted)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn what_never_was_cannot_be_deleted() {
        let command = DeleteWebhook { tenant: TenantId::at(now()), webhook: WebhookId::at(now()) };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
