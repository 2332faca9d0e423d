//! What facts do to the places of emails in the queue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::events::{EmailEvent, Recorded};
use crate::values::{EmailId, TenantId};

/// What a batch of facts does to each email's place.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<EmailId, Change>);

/// What it does to one.
#[derive(Debug, Default)]
pub(super) struct Change {
    accepted: Option<New>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) finished: i32,
    pub(super) cancelled: bool,
}

/// A place that begins.
#[derive(Debug)]
pub(super) struct New {
    pub(super) tenant: TenantId,
    pub(super) priority: i16,
    pub(super) due_at: DateTime<Utc>,
    pub(super) pending: i32,
}

impl Changes {
    pub(super) fn by(facts: &[Recorded]) -> Self {
        let mut changes = Self::default();
        for recorded in facts {
            if let Some((tenant, email, event)) = recorded.fact.about_email() {
                changes.0.entry(email).or_default().add(tenant, event, recorded);
            }
        }
        changes
    }

    /// The places that begin.
    pub(super) fn beginning(&self) -> Vec<(&EmailId, &New)> {
        self.0.iter().filter_map(|(id, change)| Some((id, change.accepted.as_ref()?))).collect()
    }

    /// What becomes of places that are there.
    pub(super) fn later(&self) -> Vec<(&EmailId, &Change)> {
        self.0.iter().filter(|(_, change)| change.is_later()).collect()
    }

    /// True if a place begins and changes at once.
    pub(super) fn are_two_steps(&self) -> bool {
        self.0.values().any(|change| change.accepted.is_some() && change.is_later())
    }
}

impl Change {
    fn is_later(&self) -> bool {
        self.due_at.is_some() || self.finished > 0 || self.cancelled
    }

    fn add(&mut self, tenant: TenantId, event: &EmailEvent, recorded: &Recorded) {
        match event {
            EmailEvent::Accepted(accepted) => {
                self.accepted = Some(New {
                    tenant,
                    priority: accepted.priority.rank(),
                    due_at: accepted.scheduled_at.unwrap_or(recorded.at).as_datetime(),
                    pending: i32::try_from(accepted.recipients.len()).unwrap_or(i32::MAX),
                });
            }
            EmailEvent::DeliveryRescheduled { next_attempt_at, .. } => {
                self.due_at = Some(next_attempt_at.as_datetime());
            }
            EmailEvent::RecipientDelivered { .. }
            | EmailEvent::RecipientBounced { .. }
            | EmailEvent::RecipientFailed { .. }
            | EmailEvent::RecipientSuppressed { .. } => self.finished += 1,
            EmailEvent::Cancelled { .. } => self.cancelled = true,
            EmailEvent::DeliveryStarted { .. }
            | EmailEvent::DeliveryInterrupted { .. }
            | EmailEvent::RecipientDeferred { .. }
            | EmailEvent::ContentRemoved { .. }
            | EmailEvent::BounceReceived { .. }
            | EmailEvent::ComplaintReceived { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. } => {}
        }
    }
}
