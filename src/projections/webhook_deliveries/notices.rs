//! Which facts are told, as what, and of whom: to tell more of them, add a line here.

use crate::events::email::EmailAccepted;
use crate::events::{EmailEvent, TenantEvent};
use crate::values::{NoticeKind, RecipientKey};

/// Of whom a fact tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Of<'a> {
    /// Everybody who is to get the email.
    All(&'a EmailAccepted),
    /// Everybody who has no outcome yet.
    Open,
    /// One.
    One(&'a RecipientKey),
    /// Nobody knows who of several it was.
    Someone,
}

fn one(recipient: Option<&RecipientKey>) -> Of<'_> {
    recipient.map_or(Of::Someone, Of::One)
}

/// What a tenant's webhooks are told of itself.
pub(super) fn told_of_tenant(event: &TenantEvent) -> Option<NoticeKind> {
    match event {
        TenantEvent::ReputationWarned { .. } => Some(NoticeKind::ReputationWarned),
        TenantEvent::SendingPaused { .. } => Some(NoticeKind::SendingPaused),
        TenantEvent::Created(_)
        | TenantEvent::Renamed { .. }
        | TenantEvent::DomainChanged { .. }
        | TenantEvent::SettingsChanged { .. }
        | TenantEvent::SmtpRelaySet { .. }
        | TenantEvent::SmtpRelayCleared
        | TenantEvent::RateLimitsChanged { .. }
        | TenantEvent::Suspended
        | TenantEvent::Resumed
        | TenantEvent::Deleted
        | TenantEvent::Erased
        | TenantEvent::SendingDomainsChanged { .. } => None,
    }
}

/// What webhooks are told of a fact, one notice a recipient.
pub(super) fn told(event: &EmailEvent) -> Option<(NoticeKind, Of<'_>)> {
    match event {
        EmailEvent::Accepted(accepted) => Some((NoticeKind::Queued, Of::All(accepted))),
        EmailEvent::DeliveryStarted { .. } => Some((NoticeKind::Sending, Of::Open)),
        EmailEvent::RecipientDelivered { recipient, .. } => {
            Some((NoticeKind::Delivered, Of::One(recipient)))
        }
        EmailEvent::RecipientBounced { recipient, .. }
        | EmailEvent::BounceReceived { recipient, .. } => {
            Some((NoticeKind::Bounced, Of::One(recipient)))
        }
        EmailEvent::RecipientFailed { recipient, .. } => {
            Some((NoticeKind::Failed, Of::One(recipient)))
        }
        EmailEvent::RecipientSuppressed { recipient, .. } => {
            Some((NoticeKind::Suppressed, Of::One(recipient)))
        }
        EmailEvent::ComplaintReceived { recipient, .. } => {
            Some((NoticeKind::Complained, Of::One(recipient)))
        }
        EmailEvent::Opened { recipient, .. } => Some((NoticeKind::Opened, one(recipient.as_ref()))),
        EmailEvent::Clicked { recipient, .. } => {
            Some((NoticeKind::Clicked, one(recipient.as_ref())))
        }
        EmailEvent::DeliveryInterrupted { .. }
        | EmailEvent::RecipientDeferred { .. }
        | EmailEvent::DeliveryRescheduled { .. }
        | EmailEvent::Cancelled { .. }
        | EmailEvent::ContentRemoved { .. } => None,
    }
}
