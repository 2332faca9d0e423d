//! Wire name, version and JSON <-> Rust: the only list of the names that stand in the log.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Fact, upcast};
use crate::values::{Day, TenantId};

/// Every wire name with the version of its payload that is written today.
///
/// A name is never renamed, reused or removed. A changed payload is a new version, with an upcaster.
pub const WIRE_NAMES: &[(&str, i16)] = &[
    ("tenant.created", 1),
    ("tenant.renamed", 1),
    ("tenant.domain_changed", 1),
    ("tenant.settings_changed", 1),
    ("tenant.smtp_relay_set", 1),
    ("tenant.smtp_relay_cleared", 1),
    ("tenant.rate_limits_changed", 1),
    ("tenant.suspended", 1),
    ("tenant.resumed", 1),
    ("tenant.deleted", 1),
    ("tenant.erased", 1),
    ("api_key.created", 1),
    ("api_key.rotated", 1),
    ("api_key.revoked", 1),
    ("email.accepted", 2),
    ("email.delivery_started", 1),
    ("email.delivery_interrupted", 1),
    ("email.recipient_delivered", 2),
    ("email.recipient_bounced", 2),
    ("email.recipient_deferred", 2),
    ("email.recipient_failed", 2),
    ("email.delivery_rescheduled", 2),
    ("email.cancelled", 2),
    ("email.content_removed", 1),
    ("usage.api_requests_counted", 1),
    ("tenant.sending_domains_changed", 1),
    ("domain.added", 1),
    ("domain.verified", 1),
    ("domain.verification_failed", 1),
    ("domain.record_lost", 1),
    ("domain.deleted", 1),
    ("email.recipient_suppressed", 1),
    ("email.bounce_received", 1),
    ("email.complaint_received", 1),
    ("suppression.added", 1),
    ("suppression.removed", 1),
    ("template.created", 1),
    ("template.changed", 1),
    ("template.deleted", 1),
    ("webhook.created", 1),
    ("webhook.changed", 1),
    ("webhook.secret_rotated", 1),
    ("webhook.disabled", 1),
    ("webhook.deleted", 1),
    ("tenant.reputation_warned", 1),
    ("tenant.sending_paused", 1),
    ("email.opened", 1),
    ("email.clicked", 1),
];

/// A fact as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The contract's name for what happened.
    pub name: String,
    /// The version of the payload.
    pub schema: i16,
    /// JSON text. What is personal stands in clear here, as the member `personal`: the store seals it.
    pub payload: String,
}

/// Why a fact cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// A newer version of the service wrote it.
    #[error(
        "the fact {name} (version {schema}) is not known to this version of the service: run a newer one"
    )]
    Unknown {
        /// Its wire name.
        name: String,
        /// The version of its payload.
        schema: i16,
    },
    /// The payload is not what its name promises.
    #[error("the payload of a {name} cannot be read")]
    Broken {
        /// Its wire name.
        name: String,
        /// What JSON says.
        #[source]
        source: serde_json::Error,
    },
    /// What is personal in it does not open.
    #[error(
        "the personal data of a {name} cannot be opened: it was changed, or sealed with another key"
    )]
    Sealed {
        /// Its wire name.
        name: String,
    },
    /// The name of the stream does not fit the fact.
    #[error("a {name} cannot stand in the stream {stream}")]
    Misplaced {
        /// Its wire name.
        name: String,
        /// Where it stands.
        stream: String,
    },
}

/// Writes a fact down, and makes sure that it can be read again: what stands in the log is never
/// mended, and one fact that nobody can read would stop every reader for good.
pub fn encode(fact: &Fact) -> Result<Encoded, CodecError> {
    let (name, schema, payload) = written(fact)?;
    let stream = fact.stream();
    decode(stream.owner(), stream.id(), name, schema, &payload)?;
    Ok(Encoded { name: name.to_owned(), schema, payload })
}

/// A fact's wire name, the version of its payload as it is written today, and the payload.
pub fn payload(fact: &Fact) -> Result<(String, i16, Value), CodecError> {
    let (name, schema, payload) = written(fact)?;
    let value = serde_json::from_str(&payload);
    let value = value.map_err(|source| CodecError::Broken { name: name.to_owned(), source })?;
    Ok((name.to_owned(), schema, value))
}

fn written(fact: &Fact) -> Result<(&'static str, i16, String), CodecError> {
    let text = match fact {
        Fact::Tenant(_, event) => serde_json::to_string(event),
        Fact::ApiKey(_, _, event) => serde_json::to_string(event),
        Fact::Email(_, _, event) => serde_json::to_string(event),
        Fact::Usage(_, _, event) => serde_json::to_string(event),
        Fact::Domain(_, _, event) => serde_json::to_string(event),
        Fact::Suppression(_, _, event) => serde_json::to_string(event),
        Fact::Template(_, _, event) => serde_json::to_string(event),
        Fact::Webhook(_, _, event) => serde_json::to_string(event),
    };
    let broken = |source| CodecError::Broken { name: fact.stream().to_string(), source };
    let text = text.map_err(broken)?;
    let unknown = || CodecError::Unknown { name: fact.stream().to_string(), schema: 0 };
    let (name, payload) = halves(&text).ok_or_else(unknown)?;
    let (name, schema) = known(name).ok_or_else(unknown)?;
    Ok((name, schema, payload.to_owned()))
}

/// Name and payload, as serde joins them for these enums: `{"type":"…","data":…}`, and without data for what
/// has none. Cut here, since a parser would read each fact once more.
fn halves(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    let payload = match rest.strip_prefix(r#","data":"#) {
        Some(rest) => rest.strip_suffix('}')?,
        None => "null",
    };
    Some((name, payload))
}

/// Reads what stands in the log under a stream of a tenant.
pub fn decode(
    tenant: Option<TenantId>,
    stream: &str,
    name: &str,
    schema: i16,
    payload: &str,
) -> Result<Fact, CodecError> {
    let payload = &*in_words_of_today(name, schema, payload)?;
    let misplaced = || CodecError::Misplaced { name: name.to_owned(), stream: stream.to_owned() };
    let owner = tenant.ok_or_else(misplaced);
    let fact = match name.split_once('.').map_or(name, |(noun, _)| noun) {
        "tenant" => Fact::Tenant(owner?, event(name, payload)?),
        "api_key" => {
            let key = stream.parse().map_err(|_| misplaced())?;
            Fact::ApiKey(tenant, key, event(name, payload)?)
        }
        "email" => {
            let email = stream.parse().map_err(|_| misplaced())?;
            Fact::Email(owner?, email, event(name, payload)?)
        }
        "domain" => {
            let domain = stream.parse().map_err(|_| misplaced())?;
            Fact::Domain(owner?, domain, event(name, payload)?)
        }
        "suppression" => {
            let suppression = stream.parse().map_err(|_| misplaced())?;
            Fact::Suppression(owner?, suppression, event(name, payload)?)
        }
        "template" => {
            let template = stream.parse().map_err(|_| misplaced())?;
            Fact::Template(owner?, template, event(name, payload)?)
        }
        "webhook" => {
            let webhook = stream.parse().map_err(|_| misplaced())?;
            Fact::Webhook(owner?, webhook, event(name, payload)?)
        }
        _ => {
            let day = day_of(stream).ok_or_else(misplaced)?;
            Fact::Usage(owner?, day, event(name, payload)?)
        }
    };
    if fact.stream().id() == stream { Ok(fact) } else { Err(misplaced()) }
}

/// The payload as it would be written now. A version that we do not know is a newer one's.
fn in_words_of_today<'a>(
    name: &str,
    schema: i16,
    payload: &'a str,
) -> Result<Cow<'a, str>, CodecError> {
    let unknown = || CodecError::Unknown { name: name.to_owned(), schema };
    let today = written_today(name).ok_or_else(unknown)?;
    if schema == today {
        return Ok(Cow::Borrowed(payload));
    }
    let broken = |source| CodecError::Broken { name: name.to_owned(), source };
    let former: Value = serde_json::from_str(payload).map_err(broken)?;
    let known = (1..today).contains(&schema);
    let new = known.then(|| upcast::upcast(name, schema, today, former)).flatten();
    Ok(Cow::Owned(new.ok_or_else(unknown)?.to_string()))
}

fn known(name: &str) -> Option<(&'static str, i16)> {
    WIRE_NAMES.iter().find(|(known, _)| *known == name).copied()
}

fn written_today(name: &str) -> Option<i16> {
    known(name).map(|(_, schema)| schema)
}

fn day_of(stream: &str) -> Option<Day> {
    stream.rsplit_once('_').and_then(|(_, day)| day.parse().ok())
}

/// The name is one of ours, and the payload JSON: joined as serde would have, they are read in one go.
fn event<E: DeserializeOwned>(name: &str, payload: &str) -> Result<E, CodecError> {
    let text = format!(r#"{{"type":"{name}","data":{payload}}}"#);
    serde_json::from_str(&text)
        .map_err(|source| CodecError::Broken { name: name.to_owned(), source })
}
