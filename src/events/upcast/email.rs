//! Emails: version 1 had addresses and words in clear, and knew a recipient by the address alone.
//!
//! Since version 2 whatever is personal stands in one object, which the store seals, and a recipient has a
//! key that tells nothing. An address of version 1 becomes the digest by which its outcomes are found.

use serde_json::{Map, Value, json};

use crate::values::{Mailbox, RecipientKey};

/// What version 1 had in clear in an `email.accepted`.
const CORRESPONDENCE: [&str; 9] =
    ["from", "to", "cc", "bcc", "reply_to", "subject", "headers", "tags", "metadata"];

pub(super) fn accepted_v1_to_v2(mut data: Value) -> Value {
    let kinds = ["to", "cc", "bcc"];
    let counts = kinds.map(|kind| data[kind].as_array().map_or(0, Vec::len));
    let all = kinds.iter().filter_map(|kind| data[*kind].as_array()).flatten();
    let digests: Vec<_> = all.filter_map(Value::as_str).map(address).map(digest).collect();
    let recipients =
        json!({"to": counts[0], "cc": counts[1], "bcc": counts[2], "digests": digests});
    let personal = taken(&mut data, &CORRESPONDENCE);
    with(data, [("recipients", recipients), ("personal", personal)])
}

/// What the relay answered was called `response` here, and `message` everywhere else.
pub(super) fn delivered_v1_to_v2(mut data: Value) -> Value {
    let message = taken(&mut data, &["response"])["response"].take();
    outcome_v1_to_v2(with(data, [("message", message)]))
}

pub(super) fn outcome_v1_to_v2(mut data: Value) -> Value {
    let personal = taken(&mut data, &["recipient", "message"]);
    let key = personal["recipient"].as_str().map(digest);
    with(data, [("recipient", json!(key)), ("personal", personal)])
}

pub(super) fn rescheduled_v1_to_v2(mut data: Value) -> Value {
    let personal = taken(&mut data, &["reason"]);
    with(data, [("personal", personal)])
}

pub(super) fn cancelled_v1_to_v2(mut data: Value) -> Value {
    let personal = taken(&mut data, &["recipients"]);
    let named = personal["recipients"].as_array().into_iter().flatten();
    let keys: Vec<_> = named.filter_map(Value::as_str).map(digest).collect();
    with(data, [("recipients", json!(keys)), ("personal", personal)])
}

/// The address in a mailbox, as outcomes name it.
fn address(mailbox: &str) -> String {
    let parsed = mailbox.parse::<Mailbox>().map(|mailbox| mailbox.address.to_string());
    parsed.unwrap_or_else(|_| mailbox.to_owned())
}

fn digest(address: impl AsRef<str>) -> RecipientKey {
    RecipientKey::digest_of(address.as_ref())
}

/// These members, as an object of their own; what is absent stays absent.
fn taken(data: &mut Value, members: &[&str]) -> Value {
    let Some(data) = data.as_object_mut() else { return Value::Null };
    let taken = members.iter().filter_map(|name| Some(((*name).to_owned(), data.remove(*name)?)));
    Value::Object(taken.collect::<Map<_, _>>())
}

fn with<const N: usize>(mut data: Value, members: [(&str, Value); N]) -> Value {
    if let Some(data) = data.as_object_mut() {
        data.extend(members.map(|(name, value)| (name.to_owned(), value)));
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_email_says_how_many_and_keeps_the_rest_to_itself() {
        let old = json!({
            "from": "hi@acme.com", "to": ["Ann <ann@example.org>"], "bcc": ["bob@example.org"],
            "subject": "Hello", "priority": "normal",
        });
        let new = accepted_v1_to_v2(old);
        let (ann, bob) = (digest("ann@example.org"), digest("bob@example.org"));
        assert_eq!(
            new,
            json!({
                "priority": "normal",
                "recipients": {"to": 1, "cc": 0, "bcc": 1, "digests": [ann, bob]},
                "personal": {
                    "from": "hi@acme.com", "to": ["Ann <ann@example.org>"],
                    "bcc": ["bob@example.org"], "subject": "Hello",
                },
            })
        );
    }

    #[test]
    fn an_outcome_finds_its_recipient_by_the_same_digest() {
        let key = digest("ann@example.org");
        let delivered =
            delivered_v1_to_v2(json!({"recipient": "ann@example.org", "response": "250 Ok"}));
        let personal = json!({"recipient": "ann@example.org", "message": "250 Ok"});
        assert_eq!(delivered, json!({"recipient": key, "personal": personal}));
        let bounced = outcome_v1_to_v2(
            json!({"recipient": "ann@example.org", "code": 550, "message": "250 Ok"}),
        );
        assert_eq!(bounced, json!({"recipient": key, "code": 550, "personal": personal}));
        let cancelled =
            cancelled_v1_to_v2(json!({"reason": "requested", "recipients": ["ann@example.org"]}));
        assert_eq!(cancelled["recipients"], json!([key]));
    }

    #[test]
    fn what_is_not_understood_is_left_for_the_codec_to_refuse() {
        assert_eq!(outcome_v1_to_v2(json!([1])), json!([1]));
        assert_eq!(accepted_v1_to_v2(json!({"to": 7}))["personal"], json!({"to": 7}));
    }
}
