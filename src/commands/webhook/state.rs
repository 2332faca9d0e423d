//! What decisions know of a webhook.

use crate::commands::State;
use crate::events::webhook::WebhookCreated;
use crate::events::{Fact, Recorded, WebhookEvent};
use crate::values::{NoticeKinds, Sealed, Timestamp, WebhookUrl};

/// A webhook's past, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebhookState {
    webhook: Option<Webhook>,
}

/// A webhook as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Where notices are posted.
    pub url: WebhookUrl,
    /// What it is told.
    pub events: NoticeKinds,
    /// Whether it is told anything.
    pub active: bool,
    /// Signs notices.
    pub secret: Sealed,
    /// Until when the former secret signs, too.
    pub former_until: Option<Timestamp>,
    /// When we stopped telling it, since nothing arrived.
    pub disabled_at: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// It is gone.
    pub deleted: bool,
}

impl WebhookState {
    /// The webhook, unless it was never there or is gone.
    pub fn living(&self) -> Option<&Webhook> {
        self.webhook.as_ref().filter(|webhook| !webhook.deleted)
    }

    /// The webhook, gone or not.
    pub fn ever(&self) -> Option<&Webhook> {
        self.webhook.as_ref()
    }
}

impl State for WebhookState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Webhook(_, _, event) = &recorded.fact else { return };
        if let WebhookEvent::Created(created) = event {
            self.webhook = Some(Webhook::new(created, recorded.at));
        } else if let Some(webhook) = &mut self.webhook {
            webhook.change(event, recorded.at);
        }
    }
}

impl Webhook {
    fn new(created: &WebhookCreated, at: Timestamp) -> Self {
        Self {
            url: created.url.clone(),
            events: created.events.clone(),
            active: created.active,
            secret: created.secret.clone(),
            former_until: None,
            disabled_at: None,
            created_at: at,
            deleted: false,
        }
    }

    fn change(&mut self, event: &WebhookEvent, at: Timestamp) {
        match event {
            WebhookEvent::Created(_) => {}
            WebhookEvent::Changed { url, events, active } => {
                self.url = url.as_ref().unwrap_or(&self.url).clone();
                self.events = events.as_ref().unwrap_or(&self.events).clone();
                if let Some(active) = active {
                    self.active = *active;
                    self.disabled_at = None;
                }
            }
            WebhookEvent::SecretRotated { secret, former_until } => {
                self.secret = secret.clone();
                self.former_until = Some(*former_until);
            }
            WebhookEvent::Disabled { .. } => {
                self.active = false;
                self.disabled_at = Some(at);
            }
            WebhookEvent::Deleted => self.deleted = true,
        }
    }
}
