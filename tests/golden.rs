//! Every payload that was ever written can be read, and is written again as it was: the contract with
//! the log. A file is `<wire name>.json`, of the first version, or `<wire name>.v2.json` of the second; a variant
//! has one more name before the end. None is ever edited.

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

/// `email.accepted.v2.minimal` is of the second version, and what says nothing of the first.
fn schema(file: &str) -> i16 {
    let version = file.split('.').nth(2).and_then(|part| part.strip_prefix('v'));
    version.map_or(1, |version| version.parse().unwrap())
}

/// The version that is written today.
fn today(name: &str) -> i16 {
    WIRE_NAMES.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A stream in which such a fact can stand.
fn stream(name: &str) -> String {
    match name.split('.').next().unwrap() {
        "tenant" => TENANT.to_owned(),
        "api_key" => "key_01h455vb4pex5vsknk084sn02q".to_owned(),
        "email" => "msg_01h455vb4pex5vsknk084sn02q".to_owned(),
        "suppression" => "supp_01h455vb4pex5vsknk084sn02q".to_owned(),
        "domain" => "dom_01h455vb4pex5vsknk084sn02q".to_owned(),
        "template" => "tmpl_01h455vb4pex5vsknk084sn02q".to_owned(),
        "webhook" => "wh_01h455vb4pex5vsknk084sn02q".to_owned(),
        _ => format!("usage_{TENANT}_2024-01-15"),
    }
}

#[test]
fn every_version_of_a_wire_name_has_a_golden_file_and_every_golden_file_a_wire_name() {
    let told: Vec<_> = golden().keys().map(|file| (wire_name(file), schema(file))).collect();
    for (name, today) in WIRE_NAMES {
        for version in 1..=*today {
            let has = told.contains(&((*name).to_owned(), version));
            assert!(has, "tests/golden has no file for version {version} of {name}");
        }
    }
    for (told, version) in told {
        let known = WIRE_NAMES.iter().any(|(name, today)| *name == told && version <= *today);
        assert!(known, "tests/golden/{told}.json tells of a fact that the codec does not know");
    }
}

#[test]
fn what_was_written_is_read_and_written_again_to_the_byte() {
    for (file, payload) in golden() {
        let (name, schema) = (wire_name(&file), schema(&file));
        let fact = decode(Some(tenant()), &stream(&name), &name, schema, &payload).unwrap();
        let again = encode(&fact).unwrap();
        let today = today(&name);
        assert_eq!((&again.name, again.schema), (&name, today));
        if schema == today {
            assert_eq!(again.payload, payload);
        } else {
            // What a former version wrote is written in the words of today, and means the same.
            let same = decode(Some(tenant()), &stream(&name), &name, today, &again.payload);
            assert_eq!(same.unwrap(), fact, "{file}");
        }
    }
}

#[test]
fn what_the_first_version_wrote_says_the_same_as_what_is_written_today() {
    let golden = golden();
    for (file, payload) in &golden {
        let (name, schema) = (wire_name(file), schema(file));
        let Some(former) = golden.get(&file.replacen(".v2", "", 1)).filter(|_| schema == 2) else {
            continue;
        };
        // Variants that only one version knows, and keys of recipients, are no business of the payload's rest.
        let personal = |schema, payload: &str| {
            let fact = decode(Some(tenant()), &stream(&name), &name, schema, payload).unwrap();
            let payload = encode(&fact).unwrap().payload;
            serde_json::from_str::<serde_json::Value>(&payload).unwrap()["personal"].clone()
        };
        assert_eq!(personal(2, payload), personal(1, former), "{file}");
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
    let hash = text.parse::<TokenHash>().is_ok() && !pointer.ends_with("/digest");
    hash || text.parse::<Sealed>().is_ok()
}

#[test]
fn all_of_a_fact_is_shown_but_its_secrets() {
    let mut hidden = 0;
    for (file, payload) in golden() {
        let (name, schema) = (wire_name(&file), schema(&file));
        let fact = decode(Some(tenant()), &stream(&name), &name, schema, &payload).unwrap();
        let today = today(&name);
        // What a former version wrote is shown in the words of today.
        let written = if schema == today { payload } else { encode(&fact).unwrap().payload };
        let mut whole = serde_json::from_str(&written).unwrap();
        let mut found = BTreeMap::new();
        texts(&whole, "", &mut found);
        for (pointer, _) in found.iter().filter(|(pointer, text)| is_secret(pointer, text)) {
            *whole.pointer_mut(pointer).unwrap() = REDACTED.into();
            hidden += 1;
        }
        let told = shown(&fact).unwrap();
        assert_eq!((told.name, told.schema, told.data), (name, today, whole), "{file}");
    }
    assert_eq!(
        hidden, 8,
        "two passwords, two hashes, two DKIM keys and two secrets stand in the golden files"
    );
}

#[test]
fn what_adds_to_a_bill_is_listed_and_nothing_else_is() {
    let mut counted = BTreeSet::new();
    for (file, payload) in golden() {
        let (name, schema) = (wire_name(&file), schema(&file));
        let fact = decode(Some(tenant()), &stream(&name), &name, schema, &payload).unwrap();
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
        let orphan = decode(None, &stream(&name), &name, schema(&file), &payload);
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
        let elsewhere = decode(Some(tenant()), "elsewhere", &name, schema(&file), &payload);
        assert!(matches!(elsewhere, Err(CodecError::Misplaced { .. })), "{file}");
    }
}
