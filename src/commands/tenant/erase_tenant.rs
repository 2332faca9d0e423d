//! The end of a tenant, and of whatever is personal in its history.

use super::{TenantState, released};
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{TenantId, Timestamp};

/// Asks that a tenant's key be destroyed; one that lives is deleted with it.
#[derive(Clone, Copy, Debug)]
pub struct EraseTenant {
    /// Which.
    pub tenant: TenantId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There never was one.
    #[error("there is no such tenant")]
    NotFound,
}

impl Command for EraseTenant {
    type State = TenantState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::tenant(self.tenant)
    }

    fn decide(
        &self,
        state: &TenantState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        if state.ever().ok_or(Refusal::NotFound)?.erased {
            return Ok(Decision::already());
        }
        let erased = Fact::Tenant(self.tenant, TenantEvent::Erased);
        let Some(living) = state.living() else { return Ok(Decision::of(vec![erased])) };
        let deleted = Fact::Tenant(self.tenant, TenantEvent::Deleted);
        let decision = Decision::of(vec![deleted, erased]);
        Ok(Decision { guards: released(living), ..decision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::store::append::Guard;
    use crate::events::tenant::TenantCreated;
    use crate::values::{HostName, RateLimit, TenantSettings};

    fn tenant(id: TenantId, domain: &str) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: Some(HostName::domain(domain).unwrap()),
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        fact(id, TenantEvent::Created(created))
    }

    fn fact(id: TenantId, event: TenantEvent) -> Fact {
        Fact::Tenant(id, event)
    }

    #[test]
    fn a_tenant_that_lives_is_deleted_and_its_domain_is_free() {
        let id = TenantId::at(now());
        let guards = given([tenant(id, "acme.com")])
            .when(&EraseTenant { tenant: id })
            .then(&[fact(id, TenantEvent::Deleted), fact(id, TenantEvent::Erased)]);
        assert!(matches!(&guards[..], [Guard::Release { name, .. }] if name == "acme.com"));
    }

    #[test]
    fn one_that_is_deleted_already_is_erased_and_no_more_than_once() {
        let id = TenantId::at(now());
        let past = || vec![tenant(id, "acme.com"), fact(id, TenantEvent::Deleted)];
        let command = EraseTenant { tenant: id };
        let guards = given(past()).when(&command).then(&[fact(id, TenantEvent::Erased)]);
        assert_eq!(guards, []);
        let erased = past().into_iter().chain([fact(id, TenantEvent::Erased)]);
        given(erased).when(&command).then(&[]);
    }

    #[test]
    fn what_never_was_cannot_be_erased() {
        let command = EraseTenant { tenant: TenantId::at(now()) };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
