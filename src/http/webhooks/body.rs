//! What is asked of a webhook, read with all its faults.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::commands::webhook::UpdateWebhook;
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::Problem;
use crate::values::{NoticeKind, NoticeKinds, TenantId, WebhookId, WebhookSecret, WebhookUrl};

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateWebhookBody {
    /// Where notices are posted.
    #[serde(default)]
    #[schema(value_type = String, example = "https://example.com/hooks/mail")]
    url: Field<String>,
    /// What it is told, at least one thing; `*` is everything.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["delivered", "bounced"]))]
    events: Field<Vec<String>>,
    /// Signs notices; made if absent. `whsec_` and base64, or a text of 16 to 256 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    secret: Field<String>,
    /// Whether it is told anything; true if absent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    active: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// Changes of a webhook: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UpdateWebhookBody {
    /// Where notices are posted.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    url: Field<String>,
    /// What it is told.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    events: Field<Vec<String>>,
    /// Whether it is told anything; true also for one that was disabled.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    active: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// A new secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RotateSecretBody {
    /// Made if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    secret: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What a new webhook is to be.
pub(super) struct NewWebhook {
    pub(super) url: WebhookUrl,
    pub(super) events: NoticeKinds,
    pub(super) secret: WebhookSecret,
    pub(super) active: bool,
}

impl CreateWebhookBody {
    pub(super) fn read(self) -> Result<NewWebhook, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let url = self.url.required("url", &mut faults);
        let url = url.and_then(|text| faults.keep("url", text.parse::<WebhookUrl>()));
        let events = self.events.required("events", &mut faults);
        let events = events.map(|names| kinds(&names, &mut faults));
        let secret = secret(self.secret, &mut faults);
        let active = self.active.optional("active", &mut faults).unwrap_or(true);
        let new = url.zip(events);
        faults.done(new.map(|(url, events)| NewWebhook { url, events, secret, active }))
    }
}

impl UpdateWebhookBody {
    pub(super) fn read(
        self,
        tenant: TenantId,
        webhook: WebhookId,
    ) -> Result<UpdateWebhook, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let url = self.url.parsed::<WebhookUrl>("url", &mut faults);
        let events = self.events.optional("events", &mut faults);
        let events = events.map(|names| kinds(&names, &mut faults));
        let active = self.active.optional("active", &mut faults);
        faults.done(Some(UpdateWebhook { tenant, webhook, url, events, active }))
    }
}

impl RotateSecretBody {
    pub(super) fn read(self) -> Result<WebhookSecret, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let secret = secret(self.secret, &mut faults);
        faults.done(Some(secret))
    }
}

fn secret(given: Field<String>, faults: &mut Faults) -> WebhookSecret {
    given.parsed("secret", faults).unwrap_or_else(WebhookSecret::make)
}

fn kinds(names: &[String], faults: &mut Faults) -> NoticeKinds {
    if names.is_empty() {
        faults.add("events", "give at least one event, such as delivered, or * for all");
    }
    let each =
        names.iter().enumerate().take(100).map(|(place, name)| {
            faults.keep(&format!("events[{place}]"), name.parse::<NoticeKind>())
        });
    each.collect::<Vec<_>>().into_iter().flatten().collect()
}
