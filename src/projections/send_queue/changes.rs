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
#[derive(Clone, Copy, Debug)]
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

    /// The places that begin, as the batch leaves them: what has left again by then never had one.
    pub(super) fn beginning(&self) -> Vec<(&EmailId, New)> {
        let begun = self.0.iter().filter_map(|(id, change)| Some((id, change, change.accepted?)));
        begun.filter_map(|(id, change, new)| Some((id, new.after(change)?))).collect()
    }

    /// What becomes of places that were there before.
    pub(super) fn later(&self) -> Vec<(&EmailId, &Change)> {
        let known = self.0.iter().filter(|(_, change)| change.accepted.is_none());
        known.filter(|(_, change)| change.is_later()).collect()
    }
}

impl New {
    fn after(self, change: &Change) -> Option<Self> {
        let pending = self.pending - change.finished;
        let due_at = change.due_at.unwrap_or(self.due_at);
        (pending > 0 && !change.cancelled).then_some(Self { due_at, pending, ..self })
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
