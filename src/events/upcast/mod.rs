//! Payloads of former versions, in the words of today: one step from each version to the next.
//!
//! A step is pure, JSON in and JSON out, and cannot fail: what it does not understand it leaves, and the
//! codec says what is wrong. What a former version wrote is never written again; it is only read.

mod email;

use serde_json::Value;

/// From the version that it is the upcaster of to the next.
type Step = fn(Value) -> Value;

/// Every step, by wire name and the version that it begins with.
const STEPS: &[(&str, i16, Step)] = &[
    ("email.accepted", 1, email::accepted_v1_to_v2),
    ("email.recipient_delivered", 1, email::delivered_v1_to_v2),
    ("email.recipient_bounced", 1, email::outcome_v1_to_v2),
    ("email.recipient_deferred", 1, email::outcome_v1_to_v2),
    ("email.recipient_failed", 1, email::outcome_v1_to_v2),
    ("email.delivery_rescheduled", 1, email::rescheduled_v1_to_v2),
    ("email.cancelled", 1, email::cancelled_v1_to_v2),
];

/// A payload of a former version as the version `to` would have it; none if no chain of steps leads there.
pub(super) fn upcast(name: &str, from: i16, to: i16, mut payload: Value) -> Option<Value> {
    for version in from..to {
        let (.., step) = STEPS.iter().find(|(known, at, _)| (*known, *at) == (name, version))?;
        payload = step(payload);
    }
    Some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::codec::WIRE_NAMES;

    #[test]
    fn from_every_former_version_steps_lead_to_today() {
        for (name, today) in WIRE_NAMES {
            for former in 1..*today {
                assert!(upcast(name, former, *today, Value::Null).is_some(), "{name} {former}");
            }
        }
    }
}
