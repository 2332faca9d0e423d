//! What a fact adds to the numbers on a bill.

use crate::events::{EmailEvent, Fact, UsageEvent};

/// The facts that add to the numbers on a bill.
pub const COUNTED: [&str; 9] = [
    "email.accepted",
    "email.recipient_delivered",
    "email.recipient_bounced",
    "email.recipient_failed",
    "email.cancelled",
    "usage.api_requests_counted",
    "email.recipient_suppressed",
    "email.bounce_received",
    "email.complaint_received",
];

/// Counts of one tenant; recipients are the unit of mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted for sending.
    pub emails_sent: i64,
    /// Taken by a relay.
    pub emails_delivered: i64,
    /// Refused by a relay for good.
    pub emails_bounced: i64,
    /// Given up.
    pub emails_failed: i64,
    /// Withdrawn.
    pub emails_cancelled: i64,
    /// Authenticated requests.
    pub api_requests: i64,
    /// Left out, because they are suppressed.
    pub emails_suppressed: i64,
    /// Called spam, whatever else became of them.
    pub emails_complained: i64,
}

impl Counts {
    /// Counts one more fact.
    pub fn add(&mut self, fact: &Fact) {
        match fact {
            Fact::Email(_, _, event) => self.add_email(event),
            Fact::Usage(_, _, UsageEvent::ApiRequestsCounted { requests }) => {
                self.api_requests += i64::try_from(*requests).unwrap_or(i64::MAX);
            }
            Fact::Tenant(..)
            | Fact::ApiKey(..)
            | Fact::Domain(..)
            | Fact::Suppression(..)
            | Fact::Template(..)
            | Fact::Webhook(..) => {}
        }
    }

    fn add_email(&mut self, event: &EmailEvent) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        match event {
            EmailEvent::Accepted(accepted) => self.emails_sent += count(accepted.recipients.len()),
            EmailEvent::RecipientDelivered { .. } => self.emails_delivered += 1,
            EmailEvent::RecipientBounced { .. } => self.emails_bounced += 1,
            EmailEvent::RecipientFailed { .. } => self.emails_failed += 1,
            EmailEvent::Cancelled { recipients, .. } => {
                self.emails_cancelled += count(recipients.len());
            }
            EmailEvent::RecipientSuppressed { .. } => self.emails_suppressed += 1,
            // It was counted as delivered on the day on which that seemed so. That day may be closed, so it is taken
            // back on the day on which we know better: over all days it has ended once.
            EmailEvent::BounceReceived { .. } => {
                self.emails_delivered -= 1;
                self.emails_bounced += 1;
            }
            EmailEvent::ComplaintReceived { .. } => self.emails_complained += 1,
            EmailEvent::DeliveryStarted { .. }
            | EmailEvent::DeliveryInterrupted { .. }
            | EmailEvent::RecipientDeferred { .. }
            | EmailEvent::ContentRemoved { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. }
            | EmailEvent::DeliveryRescheduled { .. } => {}
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            emails_sent: sum.emails_sent + one.emails_sent,
            emails_delivered: sum.emails_delivered + one.emails_delivered,
            emails_bounced: sum.emails_bounced + one.emails_bounced,
            emails_failed: sum.emails_failed + one.emails_failed,
            emails_cancelled: sum.emails_cancelled + one.emails_cancelled,
            api_requests: sum.api_requests + one.api_requests,
            emails_suppressed: sum.emails_suppressed + one.emails_suppressed,
            emails_complained: sum.emails_complained + one.emails_complained,
        })
    }
}
