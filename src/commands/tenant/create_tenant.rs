//! A new tenant.

use super::{DOMAIN, RelayChange, RelayFault, TenantState};
use crate::commands::{Command, Decision};
use crate::events::store::append::Guard;
use crate::events::tenant::TenantCreated;
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{HostName, RateLimit, TenantId, TenantSettings, Timestamp};

/// Asks for a new tenant.
#[derive(Clone, Debug)]
pub struct CreateTenant {
    /// Its id, new.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// The domain it is to own.
    pub domain: Option<HostName>,
    /// Its defaults for new mail.
    pub settings: TenantSettings,
    /// A relay of its own.
    pub relay: Option<RelayChange>,
    /// Its limits.
    pub rate_limit: RateLimit,
}

/// Why it is not created.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id is taken, which only a made-up one can be.
    #[error("there is such a tenant already")]
    Exists,
    /// The SMTP settings make no relay.
    #[error("{0}")]
    Relay(RelayFault),
}

impl Command for CreateTenant {
    type State = TenantState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::tenant(self.tenant)
    }

    fn begins(&self) -> bool {
        true
    }

    fn decide(
        &self,
        state: &TenantState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        if state.ever().is_some() {
            return Err(Refusal::Exists);
        }
        let relay = self.relay.as_ref().map(|relay| relay.over(None)).transpose();
        let created = TenantCreated {
            name: self.name.clone(),
            domain: self.domain.clone(),
            settings: self.settings.clone(),
            relay: relay.map_err(Refusal::Relay)?,
            rate_limit: self.rate_limit.clone(),
        };
        let fact = Fact::Tenant(self.tenant, TenantEvent::Created(created));
        let decision = Decision::of(vec![fact]);
        Ok(match &self.domain {
            Some(domain) => decision.guarded(Guard::Claim {
                kind: DOMAIN,
                name: domain.to_string(),
                owner: self.tenant.to_string(),
            }),
            None => decision,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn a_domain_is_claimed_with_the_tenant() {
        let command = CreateTenant {
            tenant: TenantId::at(now()),
            name: "Acme Corp".to_owned(),
            domain: Some(HostName::domain("acme.com").unwrap()),
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        let created = TenantEvent::Created(TenantCreated {
            name: "Acme Corp".to_owned(),
            domain: command.domain.clone(),
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        });
        let guards = given([]).when(&command).then(&[Fact::Tenant(command.tenant, created)]);
        let [Guard::Claim { name, .. }] = guards.as_slice() else { panic!("{guards:?}") };
        assert_eq!(name, "acme.com");
    }
}
