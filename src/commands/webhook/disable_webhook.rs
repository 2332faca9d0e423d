//! A webhook to which nothing has arrived for days is told nothing any more.

use std::time::Duration;

use super::WebhookState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, WebhookEvent};
use crate::values::{TenantId, Timestamp, WebhookId};

/// How long nothing but failures are borne with.
pub const PATIENCE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// Tells that all notices to a webhook have failed since a moment.
#[derive(Clone, Copy, Debug)]
pub struct DisableWebhook {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub webhook: WebhookId,
    /// When the first of them failed.
    pub failing_since: Timestamp,
}

impl Command for DisableWebhook {
    type State = WebhookState;
    type Refusal = std::convert::Infallible;

    fn stream(&self) -> Stream {
        Stream::webhook(self.tenant, self.webhook)
    }

    fn decide(
        &self,
        state: &WebhookState,
        _: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Self::Refusal> {
        let active = state.living().is_some_and(|webhook| webhook.active);
        if !active || now < self.failing_since.plus(PATIENCE) {
            return Ok(Decision::already());
        }
        let disabled = WebhookEvent::Disabled { failing_since: self.failing_since };
        Ok(Decision::of(vec![Fact::Webhook(self.tenant, self.webhook, disabled)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::webhook::WebhookCreated;
    use crate::values::NoticeKind;

    #[test]
    fn five_days_are_borne_with_and_not_a_moment_more() {
        let (tenant, webhook) = (TenantId::at(now()), WebhookId::at(now()));
        let created = WebhookEvent::Created(WebhookCreated {
            url: "https://example.com".parse().unwrap(),
            events: [NoticeKind::All].into_iter().collect(),
            active: true,
            secret: "v1.AAAA".parse().unwrap(),
        });
        let created = Fact::Webhook(tenant, webhook, created);
        let failing_since = now().minus(PATIENCE);
        let command = DisableWebhook { tenant, webhook, failing_since };
        let disabled = WebhookEvent::Disabled { failing_since };
        let disabled = Fact::Webhook(tenant, webhook, disabled);
        given([created.clone()]).when(&command).then(std::slice::from_ref(&disabled));
        given([created.clone(), disabled]).when(&command).then(&[]);
        let later = failing_since.plus(Duration::from_secs(1));
        let early = DisableWebhook { failing_since: later, ..command };
        given([created]).when(&early).then(&[]);
        given([]).when(&command).then(&[]);
    }
}
