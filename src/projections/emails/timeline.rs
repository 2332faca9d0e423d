//! What happened to an email, moment by moment, in words of its sender.

use serde_json::{Value, json};

use crate::events::email::{CancelReason, Remark};
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{Personal, Timestamp};

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
        EmailEvent::RecipientDelivered { personal, .. } => ("delivered", of(personal, json!({}))),
        EmailEvent::RecipientBounced { code, personal, .. } => {
            ("bounced", of(personal, json!({"code": code})))
        }
        EmailEvent::RecipientDeferred { code, may_have_arrived, personal, .. } => {
            let details = json!({"code": code, "may_have_arrived": may_have_arrived});
            ("deferred", of(personal, details))
        }
        EmailEvent::RecipientFailed { personal, .. } => ("failed", of(personal, json!({}))),
        EmailEvent::DeliveryRescheduled { next_attempt_at, personal } => {
            let reason = personal.map(|trouble| trouble.reason.clone());
            let reason = reason.to_string();
            ("rescheduled", json!({"next_attempt_at": next_attempt_at, "message": reason}))
        }
        EmailEvent::Cancelled { reason, personal, .. } => {
            let reason = match reason {
                CancelReason::Requested => "requested",
                CancelReason::TenantDeleted => "tenant_deleted",
            };
            let recipients = json!(personal.map(|withdrawn| withdrawn.recipients.clone()));
            ("cancelled", json!({"reason": reason, "recipients": recipients}))
        }
        EmailEvent::ContentRemoved { .. } => ("content_removed", json!({})),
        EmailEvent::RecipientSuppressed { reason, personal, .. } => {
            ("suppressed", of(personal, json!({"reason": reason})))
        }
        EmailEvent::BounceReceived { status, personal, .. } => {
            ("bounced", of(personal, json!({"status": status, "after_delivery": true})))
        }
        EmailEvent::ComplaintReceived { feedback, personal, .. } => {
            ("complained", of(personal, json!({"feedback_type": feedback})))
        }
    }
}

/// The particulars, and what was said of a recipient.
fn of(personal: &Personal<Remark>, mut details: Value) -> Value {
    details["recipient"] = json!(personal.map(|remark| remark.recipient.to_string()));
    details["message"] = json!(personal.map(|remark| remark.message.clone()));
    details
}
