//! Looks a domain's records up and compares them with those that there should be.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::records::{Plan, Wanted};
use super::resolver::Resolver;
use crate::values::{DkimKeys, DomainRecord, HostName};

/// Looks domains up. Clones are the same.
#[derive(Clone)]
pub struct Inspector {
    resolver: Resolver,
    plan: Plan,
}

/// What was seen of a domain's records; those in neither set could not be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// These stand there as they should.
    pub found: BTreeSet<DomainRecord>,
    /// These do not.
    pub missing: BTreeSet<DomainRecord>,
    /// Why some could not be asked for.
    pub trouble: Option<String>,
}

impl Inspector {
    /// With these name servers, for an installation that sends so.
    pub fn new(resolver: Resolver, plan: Plan) -> Self {
        Self { resolver, plan }
    }

    /// The records that a domain with these keys should have.
    pub fn wanted(&self, domain: &HostName, keys: &DkimKeys) -> Vec<Wanted> {
        self.plan.wanted(domain, keys)
    }

    /// Looks all of them up, at once.
    pub async fn inspect(&self, domain: &HostName, keys: &DkimKeys) -> Inspection {
        let wanted = self.wanted(domain, keys);
        let asked = wanted.iter().map(|one| self.resolver.values(&one.name, one.kind));
        let answers = join_all(asked).await;
        let mut seen = Inspection::default();
        for (one, answer) in wanted.iter().zip(answers) {
            match answer {
                Ok(values) if one.is_met_by(&values) => {
                    seen.found.insert(one.record);
                }
                Ok(_) => {
                    seen.missing.insert(one.record);
                }
                Err(unanswered) => seen.trouble = Some(unanswered.to_string()),
            }
        }
        seen
    }
}
