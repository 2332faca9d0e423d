//! What decisions know of an email.

use std::sync::Arc;

use uuid::Uuid;

use super::readings::Readings;
use crate::commands::State;
use crate::events::email::EmailAccepted;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{Address, Personal, RecipientKey, Timestamp};

/// An email's past, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmailState {
    email: Option<Box<Email>>,
}

/// An email as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Email {
    /// What we promised to deliver.
    pub accepted: Arc<EmailAccepted>,
    /// When we promised it.
    pub accepted_at: Timestamp,
    /// Where it is on its way.
    pub stage: Stage,
    /// Who has no outcome yet.
    pub pending: Vec<Pending>,
    /// How often a worker took it.
    pub attempts: u32,
    /// How often it was put back for later.
    pub put_back: u32,
    /// The highest fence under which a worker took it; zero before the first.
    pub fence: u32,
    /// Whether somebody asked that what it says be forgotten.
    pub content_removed: bool,
    /// For whom the relay took it, unless it bounced later.
    pub reached: Vec<Pending>,
    /// Who complained of it.
    pub complained: Vec<RecipientKey>,
    /// What was seen of its reading.
    pub readings: Readings,
}

/// Somebody who has no outcome yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// By which outcomes name it.
    pub key: RecipientKey,
    /// Where it goes.
    pub address: Personal<Address>,
}

/// Where an email is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has it.
    Waiting,
    /// A worker has it.
    Sending {
        /// Which.
        lease: Uuid,
    },
    /// Everybody has an outcome.
    Done,
}

impl EmailState {
    /// The email, if there is one.
    pub fn known(&self) -> Option<&Email> {
        self.email.as_deref()
    }
}

impl State for EmailState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Email(_, _, event) = &recorded.fact else { return };
        if let EmailEvent::Accepted(accepted) = event {
            self.email = Some(Box::new(Email {
                accepted: Arc::clone(accepted),
                accepted_at: recorded.at,
                stage: Stage::Waiting,
                pending: pending(accepted),
                attempts: 0,
                put_back: 0,
                fence: 0,
                content_removed: false,
                reached: Vec::new(),
                complained: Vec::new(),
                readings: Readings::default(),
            }));
        } else if let Some(email) = &mut self.email {
            email.live(event);
            email.readings.live(event, recorded.at);
        }
    }
}

fn pending(accepted: &EmailAccepted) -> Vec<Pending> {
    let each = accepted.everybody().into_iter();
    let each = each.map(|(_, key, mailbox)| {
        let address = mailbox.map(|mailbox| mailbox.address.clone());
        Pending { key, address }
    });
    each.collect()
}

impl Email {
    /// Who has no outcome yet and has this address.
    pub fn pending_at(&self, address: &Address) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.address.known() == Some(address))
    }

    /// It has an outcome for this recipient.
    fn end(&mut self, recipient: &RecipientKey) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.key == *recipient)?;
        let ended = self.pending.remove(place);
        if self.pending.is_empty() {
            self.stage = Stage::Done;
        }
        Some(ended)
    }

    fn live(&mut self, event: &EmailEvent) {
        match event {
            EmailEvent::Accepted(_)
            | EmailEvent::RecipientDeferred { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. } => {}
            EmailEvent::ContentRemoved { .. } => self.content_removed = true,
            EmailEvent::DeliveryStarted { attempt, lease, fence } => {
                self.stage = Stage::Sending { lease: *lease };
                self.attempts = *attempt;
                self.fence = self.fence.max(*fence);
            }
            EmailEvent::DeliveryInterrupted { .. } => self.stage = Stage::Waiting,
            EmailEvent::RecipientDelivered { recipient, .. } => {
                let reached = self.end(recipient);
                self.reached.extend(reached);
            }
            EmailEvent::RecipientBounced { recipient, .. }
            | EmailEvent::RecipientFailed { recipient, .. }
            | EmailEvent::RecipientSuppressed { recipient, .. } => {
                self.end(recipient);
            }
            EmailEvent::BounceReceived { recipient, .. } => {
                self.reached.retain(|reached| reached.key != *recipient);
            }
            EmailEvent::ComplaintReceived { recipient, .. } => {
                self.complained.push(recipient.clone());
            }
            EmailEvent::DeliveryRescheduled { .. } => {
                self.stage = Stage::Waiting;
                self.put_back += 1;
            }
            EmailEvent::Cancelled { .. } => {
                self.pending.clear();
                self.stage = Stage::Done;
            }
        }
    }
}
