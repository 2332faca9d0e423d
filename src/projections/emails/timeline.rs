//! What happened to an email, moment by moment, in words of its sender.

use serde_json::{Value, json};

use crate::events::email::CancelReason;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// What.
    pub kind: &'static str,
    /// When.
    pub at: Timestamp,
    /// The particulars.
    pub details: Value,
    /// Where it stands in the log.
    pub position: i64,
}

/// The moments in these facts.
pub fn moments(facts: &[Recorded]) -> Vec<Moment> {
    facts.iter().filter_map(moment).collect()
}

pub(super) fn moment(recorded: &Recorded) -> Option<Moment> {
    let Fact::Email(_, _, event) = &recorded.fact else { return None };
    let (kind, details) = told(event);
    Some(Moment { kind, at: recorded.at, details, position: recorded.position })
}

fn told(event: &EmailEvent) -> (&'static str, Value) {
    match event {
        EmailEvent::Accepted(accepted) => {
            ("queued", json!({"recipients": accepted.recipients.len()}))
        }
        EmailEvent::DeliveryStarted { attempt, .. } => ("sending", json!({"attempt": attempt})),
        EmailEvent::DeliveryInterrupted { attempt } => (
            "interrupted",
            json!({
                "attempt": attempt,
                "may_have_arrived": true,
                "message": "the attempt was cut off: the relay may have taken the mail, and the \
                            same Message-ID goes again",
            }),
        ),
        EmailEvent::RecipientDelivered { recipient, response } => {
            ("delivered", json!({"recipient": recipient, "message": response}))
        }
        EmailEvent::RecipientBounced { recipient, code, message } => {
            ("bounced", json!({"recipient": recipient, "code": code, "message": message}))
        }
        EmailEvent::RecipientDeferred { recipient, code, message, may_have_arrived } => (
            "deferred",
            json!({
                "recipient": recipient,
                "code": code,
                "message": message,
                "may_have_arrived": may_have_arrived,
            }),
        ),
        EmailEvent::RecipientFailed { recipient, message } => {
            ("failed", json!({"recipient": recipient, "message": message}))
        }
        EmailEvent::DeliveryRescheduled { next_attempt_at, reason } => {
            ("rescheduled", json!({"next_attempt_at": next_attempt_at, "message": reason}))
        }
        EmailEvent::Cancelled { reason, recipients } => {
            let reason = match reason {
                CancelReason::Requested => "requested",
                CancelReason::TenantDeleted => "tenant_deleted",
            };
            ("cancelled", json!({"reason": reason, "recipients": recipients}))
        }
    }
}
