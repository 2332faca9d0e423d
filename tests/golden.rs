//! Every payload that was ever written can be read, and is written again as it was: the contract with
//! the log. A file is `<wire name>.json`, or `<wire name>.<variant>.json`; it is never edited.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use selfmx::events::codec::{CodecError, WIRE_NAMES, decode, encode};
use selfmx::events::redact::{REDACTED, shown};
use selfmx::projections::usage::{COUNTED, Counts};
use selfmx::values::{Sealed, TenantId, TokenHash};
use serde_json::Value;

const TENANT: &str = "tenant_01h455vb4pex5vsknk084sn02q";

fn tenant() -> TenantId {
    TENANT.parse().unwrap()
}

/// The golden payloads, by the names of their files.
fn golden() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap().trim_end().to_owned())
    });
    files.collect()
}

/// `email.accepted.minimal` tells of an `email.accepted`.
fn wire_name(file: &str) -> String {
    file.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// A stream in which such a fact can stand.
fn stream(name: &str) -> String {
    match name.split('.').next().unwrap() {
        "tenant" => TENANT.to_owned(),
        "api_key" => "key_01h455vb4pex5vsknk084sn02q".to_owned(),
        "email" => "msg_01h455vb4pex5vsknk084sn02q".to_owned(),
        _ => format!("usage_{TENANT}_2024-01-15"),
    }
}

#[test]
fn every_wire_name_has_a_golden_file_and_every_golden_file_a_wire_name() {
    let told: Vec<String> = golden().keys().map(|file| wire_name(file)).collect();
    for (name, _) in WIRE_NAMES {
        assert!(told.iter().any(|told| told == name), "tests/golden/{name}.json is missing");
    }
    for told in told {
        let known = WIRE_NAMES.iter().any(|(name, _)| *name == told);
        assert!(known, "tests/golden/{told}.json tells of a fact that the codec does not know");
    }
}

#[test]
fn what_was_written_is_read_and_written_again_to_the_byte() {
    for (file, payload) in golden() {
        let name = wire_name(&file);
        let (_, schema) = WIRE_NAMES.iter().find(|(known, _)| *known == name).unwrap();
        let fact = decode(Some(tenant()), &stream(&name), &name, *schema, &payload).unwrap();
        let again = encode(&fact).unwrap();
        assert_eq!((&again.name, again.schema, &again.payload), (&name, *schema, &payload));
    }
}

/// Each text in here, by its JSON pointer.
fn texts(value: &Value, pointer: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, inside)| texts(inside, &format!("{pointer}/{name}"), found)),
        Value::Array(items) => {
            let places = items.iter().enumerate();
            places.for_each(|(n, inside)| texts(inside, &format!("{pointer}/{n}"), found));
        }
        Value::String(text) => {
            found.insert(pointer.to_owned(), text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A sealed password or the hash of a token; the digest of contents looks like one.
fn is_secret(pointer: &str, text: &str) -> bool {
    let hash = text.parse::<TokenHash>().is_ok() && pointer != "/content/digest";
    hash || text.parse::<Sealed>().is_ok()
}

#[test]
fn all_of_a_fact_is_shown_but_its_secrets() {
    let mut hidden = 0;
    for (file, payload) in golden() {
        let (name, mut whole) = (wire_name(&file), serde_json::from_str(&payload).unwrap());
        let (_, schema) = WIRE_NAMES.iter().find(|(known, _)| *known == name).unwrap();
        let fact = decode(Some(tenant()), &stream(&name), &name, *schema, &payload).unwrap();
        let mut found = BTreeMap::new();
        texts(&whole, "", &mut found);
        for (pointer, _) in found.iter().filter(|(pointer, text)| is_secret(pointer, text)) {
            *whole.pointer_mut(pointer).unwrap() = REDACTED.into();
            hidden += 1;
        }
        let told = shown(&fact).unwrap();
        assert_eq!((told.name, told.schema, told.data), (name, *schema, whole), "{file}");
    }
    assert_eq!(hidden, 4, "two passwords and two hashes stand in the golden files");
}

#[test]
fn what_adds_to_a_bill_is_listed_and_nothing_else_is() {
    let mut counted = BTreeSet::new();
    for (file, payload) in golden() {
        let name = wire_name(&file);
        let (_, schema) = WIRE_NAMES.iter().find(|(known, _)| *known == name).unwrap();
        let fact = decode(Some(tenant()), &stream(&name), &name, *schema, &payload).unwrap();
        let mut counts = Counts::default();
        counts.add(&fact);
        counted.extend(Some(name).filter(|_| counts != Counts::default()));
    }
    assert_eq!(counted, COUNTED.map(ToOwned::to_owned).into());
}

#[test]
fn an_admins_key_belongs_to_no_tenant_and_everything_else_to_one() {
    for (file, payload) in golden() {
        let name = wire_name(&file);
        let orphan = decode(None, &stream(&name), &name, 1, &payload);
        if name.starts_with("api_key.") {
            assert!(orphan.is_ok(), "{file}");
        } else {
            assert!(matches!(orphan, Err(CodecError::Misplaced { .. })), "{file}");
        }
    }
}

#[test]
fn what_a_newer_version_wrote_is_called_unknown_and_not_guessed_at() {
    let future = decode(Some(tenant()), TENANT, "tenant.teleported", 1, "{}").unwrap_err();
    assert_eq!(
        future.to_string(),
        "the fact tenant.teleported (version 1) is not known to this version of the service: \
         run a newer one"
    );
    for (name, schema) in WIRE_NAMES {
        let newer = decode(Some(tenant()), &stream(name), name, schema + 1, "null");
        assert!(matches!(newer, Err(CodecError::Unknown { .. })), "{name}");
    }
}

#[test]
fn a_payload_that_is_not_what_its_name_promises_is_called_broken() {
    for (name, schema) in WIRE_NAMES {
        let broken = decode(Some(tenant()), &stream(name), name, *schema, "[1]");
        assert!(matches!(broken, Err(CodecError::Broken { .. })), "{name}");
    }
}

#[test]
fn a_fact_in_the_wrong_stream_is_called_misplaced() {
    for (file, payload) in golden() {
        let name = wire_name(&file);
        let elsewhere = decode(Some(tenant()), "elsewhere", &name, 1, &payload);
        assert!(matches!(elsewhere, Err(CodecError::Misplaced { .. })), "{file}");
    }
}
