//! What happened to an email, moment by moment, in words of its sender.

use serde_json::{Value, json};

use crate::events::email::{CancelReason, Reader, Remark, Visit};
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{Personal, Timestamp};

/// Every kind of moment, in the order in which they can come.
pub const KINDS: &[&str] = &[
    "queued",
    "sending",
    "interrupted",
    "delivered",
    "bounced",
    "deferred",
    "failed",
    "rescheduled",
    "cancelled",
    "content_removed",
    "suppressed",
    "complained",
    "opened",
    "clicked",
];

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
            let recipients = json!(personal.map(|withdrawn| withdrawn.recipients.clone()));
            ("cancelled", json!({"reason": why(*reason), "recipients": recipients}))
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
        EmailEvent::Opened { personal, .. } => {
            ("opened", by(&personal.map(Clone::clone), json!({})))
        }
        EmailEvent::Clicked { link, personal, .. } => ("clicked", followed(*link, personal)),
    }
}

fn why(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::Requested => "requested",
        CancelReason::TenantDeleted => "tenant_deleted",
    }
}

fn followed(link: u32, personal: &Personal<Visit>) -> Value {
    let url = json!(personal.map(|visit| visit.url.clone()));
    let reader = personal.map(|visit| visit.reader.clone());
    by(&reader, json!({"link": link, "url": url}))
}

/// The particulars, and what is known of the reader.
fn by(personal: &Personal<Reader>, mut details: Value) -> Value {
    details["recipient"] = json!(personal.map(|reader| reader.recipient.clone()));
    details["ip"] = json!(personal.map(|reader| reader.ip));
    details["user_agent"] = json!(personal.map(|reader| reader.user_agent.clone()));
    details
}

/// The particulars, and what was said of a recipient.
fn of(personal: &Personal<Remark>, mut details: Value) -> Value {
    details["recipient"] = json!(personal.map(|remark| remark.recipient.to_string()));
    details["message"] = json!(personal.map(|remark| remark.message.clone()));
    details
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::events::codec;
    use crate::values::TenantId;

    /// The kind of whatever the golden files tell.
    fn told_in(name: &str, payload: &str) -> Option<&'static str> {
        let parts: Vec<&str> = name.split('.').collect();
        let ["email", event, rest @ ..] = parts.as_slice() else { return None };
        let schema = rest.iter().find_map(|part| part.strip_prefix('v')?.parse().ok()).unwrap_or(1);
        let at = "2024-01-15T10:30:00Z".parse().unwrap();
        let (tenant, email) = (TenantId::at(at), crate::values::EmailId::at(at));
        let name = format!("email.{event}");
        let stream = email.to_string();
        let fact = codec::decode(Some(tenant), &stream, &name, schema, payload).unwrap();
        moment(&Recorded::imagined(fact, at)).map(|moment| moment.kind)
    }

    #[test]
    fn whatever_can_happen_to_an_email_is_a_kind_that_can_be_asked_for() {
        let files = fs::read_dir("tests/golden").unwrap().map(|file| file.unwrap().path());
        let mut told: Vec<_> = files
            .filter_map(|file| {
                let payload = fs::read_to_string(&file).unwrap();
                told_in(file.file_stem()?.to_str()?, &payload)
            })
            .collect();
        told.sort_unstable();
        told.dedup();
        let mut known = KINDS.to_vec();
        known.sort_unstable();
        assert_eq!(told, known);
    }
}
