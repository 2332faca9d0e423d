//! What decisions know of a domain.

use std::collections::BTreeSet;

use crate::commands::State;
use crate::events::{DomainEvent, Fact, Recorded};
use crate::values::{DkimKeys, DomainId, DomainRecord, HostName, Timestamp};

/// A domain's past, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainState {
    domain: Option<Domain>,
}

/// A domain as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Its name.
    pub name: HostName,
    /// What signs its mail.
    pub keys: DkimKeys,
    /// When it was added.
    pub added_at: Timestamp,
    /// Since when all that it needs stands in the DNS; none if it does not.
    pub verified_at: Option<Timestamp>,
    /// The records that stand there, as far as is known.
    pub found: BTreeSet<DomainRecord>,
    /// The records that stood there once and do not any more.
    pub lost: BTreeSet<DomainRecord>,
    /// What was missing when it was looked up last in vain.
    pub missing: Option<BTreeSet<DomainRecord>>,
    /// The tenant has given it up.
    pub deleted: bool,
}

impl DomainState {
    /// The domain, unless it was never there or is given up.
    pub fn living(&self) -> Option<&Domain> {
        self.domain.as_ref().filter(|domain| !domain.deleted)
    }

    /// The domain, given up or not.
    pub fn ever(&self) -> Option<&Domain> {
        self.domain.as_ref()
    }
}

impl State for DomainState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Domain(_, id, event) = &recorded.fact else { return };
        if let DomainEvent::Added { name, keys } = event {
            self.domain = Some(Domain {
                id: *id,
                name: name.clone(),
                keys: keys.clone(),
                added_at: recorded.at,
                verified_at: None,
                found: BTreeSet::new(),
                lost: BTreeSet::new(),
                missing: None,
                deleted: false,
            });
        } else if let Some(domain) = &mut self.domain {
            domain.change(event, recorded.at);
        }
    }
}

impl Domain {
    fn change(&mut self, event: &DomainEvent, at: Timestamp) {
        match event {
            DomainEvent::Added { .. } => {}
            DomainEvent::Verified { records } => {
                self.verified_at = self.verified_at.or(Some(at));
                self.found = records.iter().copied().collect();
                self.lost.retain(|record| !records.contains(record));
                self.missing = None;
            }
            DomainEvent::VerificationFailed { found, missing } => {
                self.found = found.iter().copied().collect();
                self.lost.retain(|record| !found.contains(record));
                self.missing = Some(missing.iter().copied().collect());
                self.verified_at = None;
            }
            DomainEvent::RecordLost { records } => {
                self.found.retain(|record| !records.contains(record));
                self.lost.extend(records);
                if records.iter().any(|record| record.is_required()) {
                    self.verified_at = None;
                }
            }
            DomainEvent::Deleted => self.deleted = true,
        }
    }
}
