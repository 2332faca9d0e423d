//! What can happen to a domain that a tenant sends from.

use serde::{Deserialize, Serialize};

use crate::values::{DkimKeys, DomainRecord, HostName};

/// A domain's life in a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum DomainEvent {
    /// The tenant may send from it; it has keys.
    #[serde(rename = "domain.added")]
    Added {
        /// Its name.
        name: HostName,
        /// What signs its mail; the private halves are sealed.
        keys: DkimKeys,
    },
    /// All records that it needs stand in the DNS: its mail is signed from here on.
    #[serde(rename = "domain.verified")]
    Verified {
        /// All records that were found.
        records: Vec<DomainRecord>,
    },
    /// It was looked up, and what it needs does not stand there yet.
    #[serde(rename = "domain.verification_failed")]
    VerificationFailed {
        /// The records that were found.
        found: Vec<DomainRecord>,
        /// Those that were not.
        missing: Vec<DomainRecord>,
    },
    /// Records that stood in the DNS do not any more.
    #[serde(rename = "domain.record_lost")]
    RecordLost {
        /// Which.
        records: Vec<DomainRecord>,
    },
    /// The tenant gave it up.
    #[serde(rename = "domain.deleted")]
    Deleted,
}
