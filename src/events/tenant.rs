//! What can happen to a tenant.

use serde::{Deserialize, Serialize};

use crate::values::{Conduct, HostName, RateLimit, Relay, SendingDomain, TenantSettings};

/// A tenant's life, from its creation to its deletion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TenantEvent {
    /// It exists from here on; its domain is its own.
    #[serde(rename = "tenant.created")]
    Created(TenantCreated),
    /// It is called otherwise.
    #[serde(rename = "tenant.renamed")]
    Renamed {
        /// The new name.
        name: String,
    },
    /// It sends from another domain, or from none of its own.
    #[serde(rename = "tenant.domain_changed")]
    DomainChanged {
        /// The new domain; none gives it up.
        domain: Option<HostName>,
    },
    /// Its defaults for new mail are these, as a whole.
    #[serde(rename = "tenant.settings_changed")]
    SettingsChanged {
        /// All settings, also those that stayed.
        settings: TenantSettings,
    },
    /// Its mail leaves through a relay of its own.
    #[serde(rename = "tenant.smtp_relay_set")]
    SmtpRelaySet {
        /// Where and how; the password is sealed.
        relay: Relay,
    },
    /// Its mail leaves through the shared relay again.
    #[serde(rename = "tenant.smtp_relay_cleared")]
    SmtpRelayCleared,
    /// It may do so much, and no more.
    #[serde(rename = "tenant.rate_limits_changed")]
    RateLimitsChanged {
        /// All limits, also those that stayed.
        rate_limit: RateLimit,
    },
    /// It may read but not send; its queued mail waits.
    #[serde(rename = "tenant.suspended")]
    Suspended,
    /// It may send again.
    #[serde(rename = "tenant.resumed")]
    Resumed,
    /// Its keys stop, its queued mail is cancelled, its history stays.
    #[serde(rename = "tenant.deleted")]
    Deleted,
    /// Its key is destroyed: whatever was personal in its history reads as erased from here on.
    #[serde(rename = "tenant.erased")]
    Erased,
    /// The domains that it has added are these, as a whole: what stands in their own histories, where
    /// whoever sends looks anyway.
    #[serde(rename = "tenant.sending_domains_changed")]
    SendingDomainsChanged {
        /// All of them, also those that stayed.
        domains: Vec<SendingDomain>,
    },
    /// More of its mail bounces or is complained of than is good.
    #[serde(rename = "tenant.reputation_warned")]
    ReputationWarned {
        /// What became of its recipients lately.
        conduct: Conduct,
    },
    /// So much that it may not send until somebody resumes it; its queued mail waits.
    #[serde(rename = "tenant.sending_paused")]
    SendingPaused {
        /// What became of its recipients lately.
        conduct: Conduct,
    },
}

/// How a tenant began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantCreated {
    /// Its name, 1 to 200 characters.
    pub name: String,
    /// The domain that it sends from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub domain: Option<HostName>,
    /// Its defaults for new mail.
    #[serde(default)]
    pub settings: TenantSettings,
    /// A relay of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub relay: Option<Relay>,
    /// Its limits.
    #[serde(default)]
    pub rate_limit: RateLimit,
}
