//! A tenant may send from one more domain, which is nobody else's.

use super::{DomainState, MOST_DOMAINS};
use crate::commands::tenant::{DOMAIN, Tenant, TenantState};
use crate::commands::{Command, Decision};
use crate::events::store::append::Guard;
use crate::events::{DomainEvent, Fact, Stream, TenantEvent};
use crate::values::{DkimKeys, DomainId, HostName, SendingDomain, TenantId, Timestamp};

/// Asks for a domain.
#[derive(Clone, Debug)]
pub struct AddDomain {
    /// Whose it is to be.
    pub tenant: TenantId,
    /// Its id, new.
    pub domain: DomainId,
    /// Its name.
    pub name: HostName,
    /// What is to sign its mail.
    pub keys: DkimKeys,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
    /// The tenant has added it before.
    #[error("this tenant has added {0} already")]
    AddedAlready(HostName),
    /// No more fit.
    #[error("a tenant can add at most {MOST_DOMAINS} domains: delete one first")]
    TooMany,
}

impl Command for AddDomain {
    type State = DomainState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::domain(self.tenant, self.domain)
    }

    fn begins(&self) -> bool {
        true
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        domain: &DomainState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        if domain.ever().is_some() {
            return Ok(Decision::already());
        }
        let mut domains = fits(tenant, &self.name)?.sending_domains.clone();
        let (id, name) = (self.domain, self.name.clone());
        domains.push(SendingDomain { id, name, verified: false, return_path: false });
        let added = DomainEvent::Added { name: self.name.clone(), keys: self.keys.clone() };
        let changed = TenantEvent::SendingDomainsChanged { domains };
        let facts =
            vec![Fact::Domain(self.tenant, self.domain, added), Fact::Tenant(self.tenant, changed)];
        // The same claim as that of the tenant's own domain, which it may add here too.
        Ok(Decision::of(facts).guarded(Guard::Claim {
            kind: DOMAIN,
            name: self.name.to_string(),
            owner: self.tenant.to_string(),
        }))
    }
}

/// The tenant, if it may add one more of this name: also asked before keys are made, which takes long.
pub fn fits<'a>(tenant: &'a TenantState, name: &HostName) -> Result<&'a Tenant, Refusal> {
    let tenant = tenant.living().ok_or(Refusal::NoTenant)?;
    if tenant.added(name).is_some() {
        return Err(Refusal::AddedAlready(name.clone()));
    }
    if tenant.sending_domains.len() >= MOST_DOMAINS {
        return Err(Refusal::TooMany);
    }
    Ok(tenant)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::tenant::TenantCreated;
    use crate::values::{DkimKey, RateLimit, SecretKey, TenantSettings};

    pub(in crate::commands) fn name(text: &str) -> HostName {
        HostName::domain(text).unwrap()
    }

    pub(in crate::commands) fn tenant(id: TenantId, domain: Option<&str>) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: domain.map(name),
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        Fact::Tenant(id, TenantEvent::Created(created))
    }

    fn key(selector: &str) -> DkimKey {
        let secret = SecretKey::new("0123456789abcdef0123456789abcdef").unwrap();
        DkimKey {
            selector: selector.to_owned(),
            public_key: "AAAA".to_owned(),
            private_key: secret.seal("dom", "BBBB").unwrap(),
        }
    }

    pub(in crate::commands) fn add(domain: &str) -> AddDomain {
        AddDomain {
            tenant: TenantId::at(now()),
            domain: DomainId::at(now()),
            name: name(domain),
            keys: DkimKeys { rsa: key("r"), ed25519: key("e") },
        }
    }

    /// What adding leaves in the log.
    pub(in crate::commands) fn added(command: &AddDomain) -> [Fact; 2] {
        let mut state = TenantState::default();
        let fact = tenant(command.tenant, None);
        crate::commands::State::evolve(&mut state, &crate::events::Recorded::imagined(fact, now()));
        let decision = command.decide(&DomainState::default(), &state, now()).unwrap();
        decision.facts.try_into().unwrap()
    }

    #[test]
    fn it_is_claimed_as_the_tenants_own_domain_is() {
        let command = add("acme.org");
        let guards = given([])
            .and_tenant([tenant(command.tenant, Some("acme.com"))])
            .when(&command)
            .then(&added(&command));
        let [Guard::Claim { kind: "domain", name, owner }] = &guards[..] else {
            panic!("{guards:?}")
        };
        assert_eq!((name.as_str(), owner), ("acme.org", &command.tenant.to_string()));
    }

    #[test]
    fn a_tenant_adds_its_own_domain_once() {
        let command = add("acme.com");
        let acme = tenant(command.tenant, Some("acme.com"));
        let [_, changed] = added(&command);
        given([]).and_tenant([acme.clone()]).when(&command).then(&added(&command));
        let again = AddDomain { domain: DomainId::at(now()), ..command.clone() };
        given([])
            .and_tenant([acme, changed])
            .when(&again)
            .then_refused(&Refusal::AddedAlready(name("acme.com")));
    }

    #[test]
    fn there_is_an_end_to_them() {
        let command = add("acme.org");
        let one = |number| SendingDomain {
            id: DomainId::at(now()),
            name: name(&format!("d{number}.com")),
            verified: false,
            return_path: false,
        };
        let domains = (0..MOST_DOMAINS).map(one).collect();
        let full = Fact::Tenant(command.tenant, TenantEvent::SendingDomainsChanged { domains });
        given([])
            .and_tenant([tenant(command.tenant, None), full])
            .when(&command)
            .then_refused(&Refusal::TooMany);
    }

    #[test]
    fn a_tenant_that_is_not_there_has_no_domains() {
        given([]).when(&add("acme.com")).then_refused(&Refusal::NoTenant);
    }
}
