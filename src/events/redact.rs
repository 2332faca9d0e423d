//! What may be shown of a fact: all of it, but for secrets.
//!
//! Each fact is asked by name, and each record that holds a secret is asked for every field: whoever adds
//! one does not compile before it is said here whether it may be shown.

use serde_json::Value;

use super::api_key::ApiKeyCreated;
use super::codec::{self, CodecError};
use super::suppression::SuppressionAdded;
use super::template::TemplateVersion;
use super::tenant::TenantCreated;
use super::webhook::WebhookCreated;
use super::{
    ApiKeyEvent, DomainEvent, EmailEvent, Fact, SuppressionEvent, TemplateEvent, TenantEvent,
    UsageEvent, WebhookEvent,
};
use crate::values::{DkimKey, DkimKeys, Relay};

/// Stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// A fact as it may be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its wire name.
    pub name: String,
    /// The version of its payload: today's, also if an older one was written.
    pub schema: i16,
    /// Its payload without secrets; null if it has none.
    pub data: Value,
}

/// The fact without its secrets.
pub fn shown(fact: &Fact) -> Result<Shown, CodecError> {
    let (name, schema, mut data) = codec::payload(fact)?;
    for pointer in secrets(fact) {
        if let Some(secret) = data.pointer_mut(pointer)
            && !secret.is_null()
        {
            *secret = REDACTED.into();
        }
    }
    Ok(Shown { name, schema, data })
}

/// Where in its payload a fact holds secrets, as JSON pointers (RFC 6901).
fn secrets(fact: &Fact) -> &'static [&'static str] {
    match fact {
        Fact::Tenant(_, event) => of_tenant(event),
        Fact::ApiKey(_, _, event) => of_api_key(event),
        Fact::Email(_, _, event) => of_email(event),
        Fact::Domain(_, _, event) => of_domain(event),
        Fact::Usage(_, _, UsageEvent::ApiRequestsCounted { requests: _ })
        | Fact::Suppression(
            _,
            _,
            SuppressionEvent::Added(SuppressionAdded { reason: _, email: _, personal: _ })
            | SuppressionEvent::Removed,
        ) => &[],
        Fact::Template(_, _, event) => of_template(event),
        Fact::Webhook(_, _, event) => of_webhook(event),
    }
}

fn of_tenant(event: &TenantEvent) -> &'static [&'static str] {
    match event {
        TenantEvent::Created(TenantCreated {
            name: _,
            domain: _,
            settings: _,
            relay,
            rate_limit: _,
        }) => relay.as_ref().map_or(&[], of_relay),
        TenantEvent::SmtpRelaySet { relay } => of_relay(relay),
        TenantEvent::Renamed { name: _ }
        | TenantEvent::DomainChanged { domain: _ }
        | TenantEvent::SettingsChanged { settings: _ }
        | TenantEvent::SmtpRelayCleared
        | TenantEvent::RateLimitsChanged { rate_limit: _ }
        | TenantEvent::Suspended
        | TenantEvent::Resumed
        | TenantEvent::Deleted
        | TenantEvent::Erased
        | TenantEvent::SendingDomainsChanged { domains: _ }
        | TenantEvent::ReputationWarned { conduct: _ }
        | TenantEvent::SendingPaused { conduct: _ } => &[],
    }
}

/// The password is sealed, and still nobody's business. In every payload a relay stands under this name.
fn of_relay(relay: &Relay) -> &'static [&'static str] {
    let Relay {
        host: _,
        port: _,
        user: _,
        password: _,
        tls: _,
        pool_size: _,
        messages_per_second: _,
    } = relay;
    &["/relay/password"]
}

fn of_api_key(event: &ApiKeyEvent) -> &'static [&'static str] {
    match event {
        ApiKeyEvent::Created(ApiKeyCreated {
            name: _,
            hash: _,
            prefix: _,
            permissions: _,
            expires_at: _,
            allowed_domains: _,
            predecessor: _,
        }) => &["/hash"],
        ApiKeyEvent::Rotated { successor: _, expires_at: _ } | ApiKeyEvent::Revoked => &[],
    }
}

/// Contents are not in here, only under which digest they are kept.
fn of_email(event: &EmailEvent) -> &'static [&'static str] {
    match event {
        EmailEvent::Accepted(_)
        | EmailEvent::DeliveryStarted { attempt: _, lease: _, fence: _ }
        | EmailEvent::DeliveryInterrupted { attempt: _ }
        | EmailEvent::RecipientDelivered { recipient: _, personal: _ }
        | EmailEvent::RecipientBounced { recipient: _, code: _, personal: _ }
        | EmailEvent::RecipientDeferred {
            recipient: _,
            code: _,
            may_have_arrived: _,
            personal: _,
        }
        | EmailEvent::RecipientFailed { recipient: _, personal: _ }
        | EmailEvent::DeliveryRescheduled { next_attempt_at: _, personal: _ }
        | EmailEvent::Cancelled { reason: _, recipients: _, personal: _ }
        | EmailEvent::ContentRemoved { digest: _ }
        | EmailEvent::RecipientSuppressed { recipient: _, reason: _, personal: _ }
        | EmailEvent::BounceReceived { recipient: _, status: _, personal: _ }
        | EmailEvent::ComplaintReceived { recipient: _, feedback: _, personal: _ }
        | EmailEvent::Opened { recipient: _, personal: _ }
        | EmailEvent::Clicked { recipient: _, link: _, personal: _ } => &[],
    }
}

/// The private halves are sealed, and still nobody's business; the public ones stand in the DNS.
fn of_domain(event: &DomainEvent) -> &'static [&'static str] {
    match event {
        DomainEvent::Added { name: _, keys: DkimKeys { rsa, ed25519 } } => {
            for key in [rsa, ed25519] {
                let DkimKey { selector: _, public_key: _, private_key: _ } = key;
            }
            &["/keys/rsa/private_key", "/keys/ed25519/private_key"]
        }
        DomainEvent::Verified { records: _ }
        | DomainEvent::VerificationFailed { found: _, missing: _ }
        | DomainEvent::RecordLost { records: _ }
        | DomainEvent::Deleted => &[],
    }
}

fn of_template(event: &TemplateEvent) -> &'static [&'static str] {
    match event {
        TemplateEvent::Created(TemplateVersion { name: _, source: _ })
        | TemplateEvent::Changed(TemplateVersion { name: _, source: _ })
        | TemplateEvent::Deleted => &[],
    }
}

/// The secret is sealed, and still nobody's business. Its address may hold a token, too, but whoever sees the
/// history may see the webhook.
fn of_webhook(event: &WebhookEvent) -> &'static [&'static str] {
    match event {
        WebhookEvent::Created(WebhookCreated { url: _, events: _, active: _, secret: _ })
        | WebhookEvent::SecretRotated { secret: _, former_until: _ } => &["/secret"],
        WebhookEvent::Changed { url: _, events: _, active: _ }
        | WebhookEvent::Disabled { failing_since: _ }
        | WebhookEvent::Deleted => &[],
    }
}
