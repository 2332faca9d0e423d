//! What can happen to a webhook.

use serde::{Deserialize, Serialize};

use crate::values::{NoticeKinds, Sealed, Timestamp, WebhookUrl};

/// A webhook's life. What it was told is not in here: that is work, and no decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum WebhookEvent {
    /// It is told from here on, if it is active.
    #[serde(rename = "webhook.created")]
    Created(WebhookCreated),
    /// What is absent stays.
    #[serde(rename = "webhook.changed")]
    Changed {
        /// Another address.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        url: Option<WebhookUrl>,
        /// Other things that it is told.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        events: Option<NoticeKinds>,
        /// Whether it is told anything.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        active: Option<bool>,
    },
    /// It has a new secret; the former one signs beside it for a while.
    #[serde(rename = "webhook.secret_rotated")]
    SecretRotated {
        /// The new one, sealed.
        secret: Sealed,
        /// Until when the former one signs, too.
        former_until: Timestamp,
    },
    /// It is told nothing any more, since nothing arrived for days.
    #[serde(rename = "webhook.disabled")]
    Disabled {
        /// When the first of those notices failed.
        failing_since: Timestamp,
    },
    /// It is gone.
    #[serde(rename = "webhook.deleted")]
    Deleted,
}

/// How a webhook began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookCreated {
    /// Where notices are posted.
    pub url: WebhookUrl,
    /// What it is told.
    pub events: NoticeKinds,
    /// Whether it is told anything.
    pub active: bool,
    /// Signs notices, sealed.
    pub secret: Sealed,
}
