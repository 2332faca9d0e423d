//! A domain was looked up in the DNS; only what is news becomes a fact.

use std::collections::BTreeSet;

use super::{Domain, DomainState};
use crate::commands::tenant::{Tenant, TenantState};
use crate::commands::{Command, Decision};
use crate::events::{DomainEvent, Fact, Stream, TenantEvent};
use crate::values::{DomainId, DomainRecord, TenantId, Timestamp};

/// Tells what stands in the DNS.
#[derive(Clone, Debug)]
pub struct RecordCheck {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub domain: DomainId,
    /// What was seen.
    pub checked: Checked,
}

/// What was seen of a domain's records. What is in neither could not be asked, which tells nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// These stand there as they should.
    pub found: BTreeSet<DomainRecord>,
    /// These do not.
    pub missing: BTreeSet<DomainRecord>,
}

/// Why nothing is recorded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such domain, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such domain")]
    NotFound,
}

impl Command for RecordCheck {
    type State = DomainState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::domain(self.tenant, self.domain)
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        state: &DomainState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        let domain = state.living().ok_or(Refusal::NotFound)?;
        let tenant = tenant.living().ok_or(Refusal::NotFound)?;
        let (events, usable) = self.news(domain);
        let facts = events.into_iter().map(|event| Fact::Domain(self.tenant, self.domain, event));
        Ok(Decision::of(facts.chain(self.told_to(tenant, usable)).collect()))
    }
}

/// What a domain's mail may make use of.
#[derive(Clone, Copy)]
struct Usable {
    /// Its keys.
    verified: bool,
    /// Its own domain for bounces.
    return_path: bool,
}

impl RecordCheck {
    /// What is new, and what can be made use of with it.
    fn news(&self, domain: &Domain) -> (Vec<DomainEvent>, Usable) {
        let Checked { found, missing } = &self.checked;
        let lost: Vec<DomainRecord> = domain.found.intersection(missing).copied().collect();
        let kept = domain.found.difference(missing).copied();
        let stands: BTreeSet<DomainRecord> = kept.chain(found.iter().copied()).collect();
        let required = [DomainRecord::DkimRsa, DomainRecord::DkimEd25519];
        let verified = required.iter().all(|record| stands.contains(record));
        let mut events = Vec::new();
        if !lost.is_empty() {
            events.push(DomainEvent::RecordLost { records: lost.clone() });
        }
        let more = stands.iter().any(|record| !domain.found.contains(record));
        if verified && (domain.verified_at.is_none() || more) {
            events.push(DomainEvent::Verified { records: list(&stands) });
        }
        if !verified && lost.is_empty() && !is_told(domain, missing, &stands) {
            let (found, missing) = (list(&stands), list(missing));
            events.push(DomainEvent::VerificationFailed { found, missing });
        }
        let return_path = verified && stands.contains(&DomainRecord::ReturnPath);
        (events, Usable { verified, return_path })
    }

    /// Whoever sends looks at the tenant only. It is told also where nothing is new of the domain: tenants were not
    /// always told of return paths.
    fn told_to(&self, tenant: &Tenant, usable: Usable) -> Option<Fact> {
        let mut domains = tenant.sending_domains.clone();
        let known = domains.iter_mut().find(|added| added.id == self.domain)?;
        let Usable { verified, return_path } = usable;
        if (known.verified, known.return_path) == (verified, return_path) {
            return None;
        }
        (known.verified, known.return_path) = (verified, return_path);
        Some(Fact::Tenant(self.tenant, TenantEvent::SendingDomainsChanged { domains }))
    }
}

/// Asked again and again it is missing: that is told once. Where nothing is surely missing, there is
/// nothing to tell.
fn is_told(
    domain: &Domain,
    missing: &BTreeSet<DomainRecord>,
    stands: &BTreeSet<DomainRecord>,
) -> bool {
    let mut required = missing.iter().filter(|record| record.is_required());
    let known = domain.missing.as_ref() == Some(missing)
        || required.clone().all(|record| domain.lost.contains(record));
    required.next().is_none() || (known && *stands == domain.found)
}

fn list(records: &BTreeSet<DomainRecord>) -> Vec<DomainRecord> {
    records.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::DomainRecord::{DkimEd25519, DkimRsa, Dmarc, ReturnPath, Spf};
    use super::*;
    use crate::commands::domain::AddDomain;
    use crate::commands::domain::add_domain::tests::{add, added, tenant};
    use crate::commands::testing::given;

    fn check(of: &AddDomain, found: &[DomainRecord], missing: &[DomainRecord]) -> RecordCheck {
        let set = |all: &[DomainRecord]| all.iter().copied().collect();
        let checked = Checked { found: set(found), missing: set(missing) };
        RecordCheck { tenant: of.tenant, domain: of.domain, checked }
    }

    fn told(of: &AddDomain, event: DomainEvent) -> Fact {
        Fact::Domain(of.tenant, of.domain, event)
    }

    /// The tenant's fact after the domain came to be verified, or not to be.
    fn changed(of: &AddDomain, verified: bool) -> Fact {
        usable(of, verified, false)
    }

    fn usable(of: &AddDomain, verified: bool, return_path: bool) -> Fact {
        let [_, mut fact] = added(of);
        if let Fact::Tenant(_, TenantEvent::SendingDomainsChanged { domains }) = &mut fact {
            domains[0].verified = verified;
            domains[0].return_path = return_path;
        }
        fact
    }

    fn verified(of: &AddDomain, records: &[DomainRecord]) -> Fact {
        told(of, DomainEvent::Verified { records: records.to_vec() })
    }

    #[test]
    fn both_keys_verify_it_and_the_tenant_is_told() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        given([begun])
            .and_tenant([tenant(acme.tenant, None), changed(&acme, false)])
            .when(&check(&acme, &[DkimRsa, DkimEd25519], &[Spf, Dmarc]))
            .then(&[verified(&acme, &[DkimRsa, DkimEd25519]), changed(&acme, true)]);
    }

    #[test]
    fn what_is_missing_is_told_once() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        let asked = check(&acme, &[DkimRsa], &[DkimEd25519]);
        let failed = told(
            &acme,
            DomainEvent::VerificationFailed { found: vec![DkimRsa], missing: vec![DkimEd25519] },
        );
        let of_tenant = [tenant(acme.tenant, None), changed(&acme, false)];
        given([begun.clone()])
            .and_tenant(of_tenant.clone())
            .when(&asked)
            .then(std::slice::from_ref(&failed));
        given([begun, failed]).and_tenant(of_tenant).when(&asked).then(&[]);
    }

    #[test]
    fn a_lost_key_ends_the_signing_and_a_lost_policy_does_not() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        let past = [begun, verified(&acme, &[DkimRsa, DkimEd25519, Spf])];
        let of_tenant = [tenant(acme.tenant, None), changed(&acme, true)];
        let lost = |record| told(&acme, DomainEvent::RecordLost { records: vec![record] });
        given(past.clone())
            .and_tenant(of_tenant.clone())
            .when(&check(&acme, &[DkimEd25519, Spf], &[DkimRsa]))
            .then(&[lost(DkimRsa), changed(&acme, false)]);
        given(past)
            .and_tenant(of_tenant)
            .when(&check(&acme, &[DkimEd25519, DkimRsa], &[Spf]))
            .then(&[lost(Spf)]);
    }

    #[test]
    fn the_tenant_is_told_when_the_return_path_comes_and_when_it_goes() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        let keys = [DkimRsa, DkimEd25519];
        let all = [DkimRsa, DkimEd25519, ReturnPath];
        given([begun.clone(), verified(&acme, &keys)])
            .and_tenant([tenant(acme.tenant, None), changed(&acme, true)])
            .when(&check(&acme, &all, &[]))
            .then(&[verified(&acme, &all), usable(&acme, true, true)]);
        let past = [begun, verified(&acme, &all)];
        let of_tenant = [tenant(acme.tenant, None), usable(&acme, true, true)];
        let lost = |record| told(&acme, DomainEvent::RecordLost { records: vec![record] });
        for (seen, record, verified) in [
            (check(&acme, &keys, &[ReturnPath]), ReturnPath, true),
            (check(&acme, &[DkimEd25519, ReturnPath], &[DkimRsa]), DkimRsa, false),
        ] {
            given(past.clone())
                .and_tenant(of_tenant.clone())
                .when(&seen)
                .then(&[lost(record), changed(&acme, verified)]);
        }
        given(past).and_tenant(of_tenant).when(&check(&acme, &keys, &[])).then(&[]);
    }

    #[test]
    fn a_tenant_that_was_never_told_of_a_return_path_is_told_at_the_next_look() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        let all = [DkimRsa, DkimEd25519, ReturnPath];
        given([begun, verified(&acme, &all)])
            .and_tenant([tenant(acme.tenant, None), changed(&acme, true)])
            .when(&check(&acme, &all, &[]))
            .then(&[usable(&acme, true, true)]);
    }

    #[test]
    fn what_could_not_be_asked_is_not_lost() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        given([begun, verified(&acme, &[DkimRsa, DkimEd25519])])
            .and_tenant([tenant(acme.tenant, None), changed(&acme, true)])
            .when(&check(&acme, &[], &[]))
            .then(&[]);
    }

    #[test]
    fn what_comes_back_is_told() {
        let acme = add("acme.com");
        let [begun, _] = added(&acme);
        let lost = told(&acme, DomainEvent::RecordLost { records: vec![DkimRsa] });
        given([begun, verified(&acme, &[DkimRsa, DkimEd25519]), lost])
            .and_tenant([tenant(acme.tenant, None), changed(&acme, false)])
            .when(&check(&acme, &[DkimRsa, DkimEd25519], &[]))
            .then(&[verified(&acme, &[DkimRsa, DkimEd25519]), changed(&acme, true)]);
    }
}
