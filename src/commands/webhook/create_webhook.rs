//! A new webhook.

use super::WebhookState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::webhook::WebhookCreated;
use crate::events::{Fact, Stream, WebhookEvent};
use crate::values::{NoticeKinds, Sealed, TenantId, Timestamp, WebhookId, WebhookUrl};

/// Asks for a new webhook.
#[derive(Clone, Debug)]
pub struct CreateWebhook {
    /// Whose.
    pub tenant: TenantId,
    /// Its id, new.
    pub webhook: WebhookId,
    /// Where notices are posted.
    pub url: WebhookUrl,
    /// What it is told.
    pub events: NoticeKinds,
    /// Whether it is told anything yet.
    pub active: bool,
    /// Signs notices.
    pub secret: Sealed,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
}

impl Command for CreateWebhook {
    type State = WebhookState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::webhook(self.tenant, self.webhook)
    }

    fn begins(&self) -> bool {
        true
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        webhook: &WebhookState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        if webhook.ever().is_some() {
            return Ok(Decision::already());
        }
        tenant.living().ok_or(Refusal::NoTenant)?;
        let created = WebhookCreated {
            url: self.url.clone(),
            events: self.events.clone(),
            active: self.active,
            secret: self.secret.clone(),
        };
        let event = WebhookEvent::Created(created);
        Ok(Decision::of(vec![Fact::Webhook(self.tenant, self.webhook, event)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::values::NoticeKind;

    #[test]
    fn a_tenant_that_is_not_there_has_none() {
        let command = CreateWebhook {
            tenant: TenantId::at(now()),
            webhook: WebhookId::at(now()),
            url: "https://example.com".parse().unwrap(),
            events: [NoticeKind::All].into_iter().collect(),
            active: true,
            secret: "v1.AAAA".parse().unwrap(),
        };
        given([]).when(&command).then_refused(&Refusal::NoTenant);
    }
}
