//! Changes of a webhook; what is absent stays.

use super::WebhookState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, WebhookEvent};
use crate::values::{NoticeKinds, TenantId, Timestamp, WebhookId, WebhookUrl};

/// Asks for changes.
#[derive(Clone, Debug)]
pub struct UpdateWebhook {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub webhook: WebhookId,
    /// Another address.
    pub url: Option<WebhookUrl>,
    /// Other things that it is told.
    pub events: Option<NoticeKinds>,
    /// Whether it is told anything; one that was disabled begins anew.
    pub active: Option<bool>,
}

/// Why nothing is changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, it is gone, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such webhook")]
    NotFound,
}

impl Command for UpdateWebhook {
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
        let now = state.living().ok_or(Refusal::NotFound)?;
        let url = self.url.clone().filter(|url| *url != now.url);
        let events = self.events.clone().filter(|events| *events != now.events);
        let active = self.active.filter(|active| *active != now.active);
        if url.is_none() && events.is_none() && active.is_none() {
            return Ok(Decision::already());
        }
        let changed = WebhookEvent::Changed { url, events, active };
        Ok(Decision::of(vec![Fact::Webhook(self.tenant, self.webhook, changed)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::webhook::WebhookCreated;
    use crate::values::NoticeKind;

    fn past() -> (TenantId, WebhookId, Fact) {
        let (tenant, webhook) = (TenantId::at(now()), WebhookId::at(now()));
        let created = WebhookEvent::Created(WebhookCreated {
            url: "https://example.com".parse().unwrap(),
            events: [NoticeKind::All].into_iter().collect(),
            active: true,
            secret: "v1.AAAA".parse().unwrap(),
        });
        (tenant, webhook, Fact::Webhook(tenant, webhook, created))
    }

    fn update(tenant: TenantId, webhook: WebhookId) -> UpdateWebhook {
        UpdateWebhook { tenant, webhook, url: None, events: None, active: None }
    }

    #[test]
    fn only_what_is_different_is_a_change() {
        let (tenant, webhook, created) = past();
        let same = UpdateWebhook { active: Some(true), ..update(tenant, webhook) };
        given([created.clone()]).when(&same).then(&[]);
        let url = "https://example.com".parse().ok();
        let off = UpdateWebhook { active: Some(false), url, ..update(tenant, webhook) };
        let changed = WebhookEvent::Changed { url: None, events: None, active: Some(false) };
        given([created]).when(&off).then(&[Fact::Webhook(tenant, webhook, changed)]);
    }

    #[test]
    fn what_is_gone_cannot_be_changed() {
        let (tenant, webhook, created) = past();
        let deleted = Fact::Webhook(tenant, webhook, WebhookEvent::Deleted);
        given([created, deleted]).when(&update(tenant, webhook)).then_refused(&Refusal::NotFound);
        given([]).when(&update(tenant, webhook)).then_refused(&Refusal::NotFound);
    }
}
