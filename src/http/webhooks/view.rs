//! How a webhook looks in an answer; its secret only in the first one, and when it is rotated.

use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::past::Done;
use crate::commands::webhook::WebhookState;
use crate::projections::webhooks::WebhookRow;
use crate::values::{Timestamp, WebhookId, WebhookSecret};

/// A webhook.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct WebhookView {
    #[schema(example = "wh_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "https://example.com/hooks/mail")]
    url: String,
    #[schema(example = json!(["delivered", "bounced"]))]
    events: Vec<String>,
    /// Whether it is told anything.
    active: bool,
    /// When we stopped telling it, since nothing had arrived for five days.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<String>,
    /// Since when nothing has arrived at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    /// Until when the former secret signs beside the new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_secret_expires_at: Option<String>,
    created_at: String,
}

/// A webhook with its secret.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// Keep it: it is not shown again.
    #[schema(example = "whsec_…")]
    secret: String,
}

/// A webhook is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeleted {
    #[schema(value_type = String, example = "wh_01h455vb4pex5vsknk084sn02q")]
    pub(super) id: WebhookId,
    pub(super) deleted: bool,
}

impl WebhookView {
    /// The webhook in the read table.
    pub(super) fn of_row(row: WebhookRow, now: Timestamp) -> Self {
        let time = |at: Option<_>| at.map(|at| Timestamp::from(at).to_string());
        let valid = row.former_until.filter(|until| now.as_datetime() < *until);
        Self {
            id: row.id,
            url: row.url,
            events: row.events,
            active: row.active,
            disabled_at: time(row.disabled_at),
            failing_since: time(row.failing_since),
            previous_secret_expires_at: time(valid),
            created_at: Timestamp::from(row.created_at).to_string(),
        }
    }

    /// The webhook after a command.
    pub(super) fn after(done: &Done<WebhookState>, id: WebhookId) -> Self {
        let Some(webhook) = done.past.state.ever() else { return Self::default() };
        let valid = webhook.former_until.filter(|until| done.at < *until);
        Self {
            id: id.to_string(),
            url: webhook.url.to_string(),
            events: webhook.events.names(),
            active: webhook.active,
            disabled_at: webhook.disabled_at.map(|at| at.to_string()),
            failing_since: None,
            previous_secret_expires_at: valid.map(|at| at.to_string()),
            created_at: webhook.created_at.to_string(),
        }
    }

    /// With its secret, which is shown this once.
    pub(super) fn showing(self, secret: &WebhookSecret) -> WebhookWithSecret {
        WebhookWithSecret { webhook: self, secret: secret.text().expose().to_owned() }
    }
}
