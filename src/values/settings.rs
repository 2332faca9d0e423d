//! A tenant's defaults and limits.

use serde::{Deserialize, Serialize};

use super::{Address, Mailbox, ReputationGuard};

/// A tenant's defaults for new mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSettings {
    /// The name that recipients see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// The default sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_address: Option<Address>,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Mailbox>,
    /// What is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// How many bounces and complaints it may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reputation: Option<ReputationGuard>,
}

/// What is tracked of an email's reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// That it was opened.
    #[serde(default)]
    pub opens: bool,
    /// That a link was followed.
    #[serde(default)]
    pub clicks: bool,
}

/// What a sender wants tracked of one email; what it does not say is as the tenant's settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackingWish {
    /// That it was opened.
    pub opens: Option<bool>,
    /// That a link was followed.
    pub clicks: Option<bool>,
}

impl TrackingWish {
    /// Nothing, whatever the tenant's settings say.
    pub const OFF: Self = Self { opens: Some(false), clicks: Some(false) };

    /// What is tracked of an email of a tenant with these settings; none if nothing is.
    pub fn over(self, settings: Option<Tracking>) -> Option<Tracking> {
        let usual = settings.unwrap_or_default();
        let opens = self.opens.unwrap_or(usual.opens);
        let clicks = self.clicks.unwrap_or(usual.clicks);
        (opens || clicks).then_some(Tracking { opens, clicks })
    }
}

/// A tenant's limits; what is absent is the service's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Recipients in a UTC day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails_per_day: Option<u64>,
}
