//! How a domain looks in an answer: with the records to set, and never with a private key.

use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::domain::{Domain, DomainState};
use crate::commands::past::Done;
use crate::http::problem::Problem;
use crate::mail::dns::{Inspector, Wanted, zone};
use crate::projections::domain_checks::DomainCheck;
use crate::projections::domains::DomainRow;
use crate::values::{DkimKeys, DomainRecord, HostName, Timestamp};

/// A domain that a tenant sends from.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct DomainView {
    #[schema(example = "dom_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "acme.com")]
    name: String,
    /// `pending` until both DKIM records are found, then `verified`; `lost` if one of them is gone again.
    #[schema(example = "pending")]
    status: &'static str,
    created_at: String,
    /// Since when its mail is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<String>,
    /// When it was looked up last.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<String>,
    /// Why not all could be looked up then. What could not be asked for stays as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// What to set in the DNS.
    records: Vec<RecordView>,
    /// The same as lines of a zone file, as BIND reads them.
    zone: String,
}

/// A record to set in the DNS.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// What it is for: `dkim_rsa`, `dkim_ed25519`, `spf`, `dmarc` or `return_path`.
    #[schema(example = "dkim_rsa")]
    purpose: &'static str,
    /// `TXT` or `CNAME`.
    #[serde(rename = "type")]
    #[schema(example = "TXT")]
    kind: &'static str,
    /// Its full name.
    #[schema(example = "selfmx-084sn02q-rsa._domainkey.acme.com")]
    name: String,
    /// Its value, in one piece.
    #[schema(example = "v=DKIM1; k=rsa; p=MIIB…")]
    value: String,
    /// Whether the domain is verified only with it.
    required: bool,
    /// `unchecked`, `found`, `missing`, or `lost` if it was found before.
    #[schema(example = "found")]
    status: &'static str,
}

/// What is known of the records.
struct Known<'a> {
    found: &'a dyn Fn(DomainRecord) -> bool,
    lost: &'a dyn Fn(DomainRecord) -> bool,
    checked: bool,
}

impl Known<'_> {
    fn of(&self, record: DomainRecord) -> &'static str {
        if (self.found)(record) {
            "found"
        } else if (self.lost)(record) {
            "lost"
        } else if self.checked {
            "missing"
        } else {
            "unchecked"
        }
    }
}

impl DomainView {
    /// A domain that was just added.
    pub(super) fn after(done: &Done<DomainState>, inspector: &Inspector) -> Self {
        let domain = done.past.state.ever();
        domain.map(|domain| Self::of_domain(domain, inspector)).unwrap_or_default()
    }

    fn of_domain(domain: &Domain, inspector: &Inspector) -> Self {
        let wanted = inspector.wanted(&domain.name, &domain.keys);
        let known = Known {
            found: &|record| domain.found.contains(&record),
            lost: &|record| domain.lost.contains(&record),
            checked: false,
        };
        let (verified_at, created_at) = (domain.verified_at, domain.added_at);
        let names = (domain.id.to_string(), domain.name.to_string());
        Self::of(names, (created_at, verified_at), &wanted, &known)
    }

    /// The domain in the read table, with how it was looked up last.
    pub(super) fn of_row(
        row: &DomainRow,
        inspector: &Inspector,
        check: Option<&DomainCheck>,
    ) -> Result<Self, Problem> {
        let (name, keys) = keys_of(row)?;
        let has = |names: &[String], record: DomainRecord| {
            names.iter().any(|name| name == record.as_str())
        };
        let checked_at = check.and_then(|check| check.checked_at).map(Timestamp::from);
        let known = Known {
            found: &|record| has(&row.found, record),
            lost: &|record| has(&row.lost, record),
            checked: checked_at.is_some(),
        };
        let times = (row.created_at.into(), row.verified_at.map(Timestamp::from));
        let wanted = inspector.wanted(&name, &keys);
        let view = Self::of((row.id.clone(), row.name.clone()), times, &wanted, &known);
        let trouble = check.and_then(|check| check.trouble.clone());
        Ok(Self { checked_at: checked_at.map(|at| at.to_string()), trouble, ..view })
    }

    fn of(
        (id, name): (String, String),
        (created_at, verified_at): (Timestamp, Option<Timestamp>),
        wanted: &[Wanted],
        known: &Known<'_>,
    ) -> Self {
        let lost = |one: &Wanted| one.record.is_required() && known.of(one.record) == "lost";
        let status = match verified_at {
            Some(_) => "verified",
            None if wanted.iter().any(lost) => "lost",
            None => "pending",
        };
        let record = |one: &Wanted| RecordView {
            purpose: one.record.as_str(),
            kind: one.kind.as_str(),
            name: one.name.clone(),
            value: one.value.clone(),
            required: one.record.is_required(),
            status: known.of(one.record),
        };
        Self {
            id,
            name,
            status,
            created_at: created_at.to_string(),
            verified_at: verified_at.map(|at| at.to_string()),
            checked_at: None,
            trouble: None,
            records: wanted.iter().map(record).collect(),
            zone: zone(wanted),
        }
    }
}

/// A row's name and keys as what they are.
pub(super) fn keys_of(row: &DomainRow) -> Result<(HostName, DkimKeys), Problem> {
    let name = row.name.parse().map_err(|_| Problem::internal("a domain's name cannot be read"))?;
    let keys = serde_json::from_value(row.keys.clone());
    Ok((
        name,
        keys.map_err(|error| Problem::internal("a domain's keys cannot be read").because(&error))?,
    ))
}
