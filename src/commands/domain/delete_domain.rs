//! A tenant gives a domain up: it sends from there no more, and another may have it.

use super::DomainState;
use crate::commands::tenant::{DOMAIN, TenantState};
use crate::commands::{Command, Decision};
use crate::events::store::append::Guard;
use crate::events::{DomainEvent, Fact, Stream, TenantEvent};
use crate::values::{DomainId, TenantId, Timestamp};

/// Asks that a domain be given up.
#[derive(Clone, Copy, Debug)]
pub struct DeleteDomain {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub domain: DomainId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such domain, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such domain")]
    NotFound,
}

impl Command for DeleteDomain {
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
        let mut domains = tenant.sending_domains.clone();
        domains.retain(|added| added.id != self.domain);
        let decision = Decision::of(vec![
            Fact::Domain(self.tenant, self.domain, DomainEvent::Deleted),
            Fact::Tenant(self.tenant, TenantEvent::SendingDomainsChanged { domains }),
        ]);
        // The tenant's own domain stays its own.
        if tenant.domain.as_ref() == Some(&domain.name) {
            return Ok(decision);
        }
        Ok(decision.guarded(Guard::Release {
            kind: DOMAIN,
            name: domain.name.to_string(),
            owner: self.tenant.to_string(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::domain::AddDomain;
    use crate::commands::domain::add_domain::tests::{add, added, tenant};
    use crate::commands::testing::given;

    fn deleted(of: TenantId, domain: DomainId) -> [Fact; 2] {
        let none = TenantEvent::SendingDomainsChanged { domains: vec![] };
        [Fact::Domain(of, domain, DomainEvent::Deleted), Fact::Tenant(of, none)]
    }

    #[test]
    fn another_may_have_it_then() {
        let first = add("acme.org");
        let (of, domain) = (first.tenant, first.domain);
        let [begun, changed] = added(&first);
        let guards = given([begun])
            .and_tenant([tenant(of, Some("acme.com")), changed])
            .when(&DeleteDomain { tenant: of, domain })
            .then(&deleted(of, domain));
        assert!(matches!(&guards[..], [Guard::Release { name, .. }] if name == "acme.org"));
    }

    #[test]
    fn the_tenants_own_domain_stays_its_own() {
        let first = add("acme.com");
        let (of, domain) = (first.tenant, first.domain);
        let [begun, changed] = added(&first);
        let guards = given([begun])
            .and_tenant([tenant(of, Some("acme.com")), changed])
            .when(&DeleteDomain { tenant: of, domain })
            .then(&deleted(of, domain));
        assert!(guards.is_empty());
    }

    #[test]
    fn what_never_was_cannot_be_given_up() {
        let AddDomain { tenant: of, domain, .. } = add("acme.com");
        given([])
            .and_tenant([tenant(of, None)])
            .when(&DeleteDomain { tenant: of, domain })
            .then_refused(&Refusal::NotFound);
    }
}
