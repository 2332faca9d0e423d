//! Changes of a tenant's settings; what is absent stays.

use super::{Change, DOMAIN, RelayChange, RelayFault, Tenant, TenantState};
use crate::commands::{Command, Decision};
use crate::events::store::append::Guard;
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{
    Address, HostName, Mailbox, RateLimit, ReputationGuard, TenantId, TenantSettings, Timestamp,
    Tracking,
};

/// Asks for changes.
#[derive(Clone, Debug)]
pub struct UpdateTenant {
    /// Whose.
    pub tenant: TenantId,
    /// Another name.
    pub name: Option<String>,
    /// Another domain, or none.
    pub domain: Change<HostName>,
    /// Other defaults for new mail.
    pub settings: Change<SettingsChange>,
    /// Another relay, or the shared one.
    pub relay: Change<RelayChange>,
    /// Other limits.
    pub rate_limit: Change<RateLimitChange>,
}

/// Changes of single defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SettingsChange {
    /// The name that recipients see.
    pub from_name: Change<String>,
    /// The default sender.
    pub from_address: Change<Address>,
    /// Where answers go.
    pub reply_to: Change<Mailbox>,
    /// What is tracked.
    pub tracking: Change<Tracking>,
    /// How many bounces and complaints it may have.
    pub reputation: Change<ReputationGuard>,
}

/// Changes of single limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimitChange {
    /// Requests in a minute.
    pub requests_per_minute: Change<u32>,
    /// Recipients in a UTC day.
    pub emails_per_day: Change<u64>,
}

impl SettingsChange {
    /// The defaults afterwards.
    pub fn over(&self, now: &TenantSettings) -> TenantSettings {
        TenantSettings {
            from_name: self.from_name.over(now.from_name.as_ref()),
            from_address: self.from_address.over(now.from_address.as_ref()),
            reply_to: self.reply_to.over(now.reply_to.as_ref()),
            tracking: self.tracking.over(now.tracking.as_ref()),
            reputation: self.reputation.over(now.reputation.as_ref()),
        }
    }
}

impl RateLimitChange {
    /// The limits afterwards.
    pub fn over(&self, now: &RateLimit) -> RateLimit {
        RateLimit {
            requests_per_minute: self.requests_per_minute.over(now.requests_per_minute.as_ref()),
            emails_per_day: self.emails_per_day.over(now.emails_per_day.as_ref()),
        }
    }
}

/// Why nothing is changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is deleted.
    #[error("there is no such tenant")]
    NotFound,
    /// The SMTP settings make no relay.
    #[error("{0}")]
    Relay(RelayFault),
}

impl Command for UpdateTenant {
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
        let tenant = state.living().ok_or(Refusal::NotFound)?;
        let mut events = Vec::new();
        events.extend(self.renamed(tenant));
        events.extend(self.settings_changed(tenant));
        events.extend(self.relay_changed(tenant)?);
        events.extend(self.rate_limits_changed(tenant));
        let (moved, guards) = self.domain_changed(tenant);
        events.extend(moved);
        let facts = events.into_iter().map(|event| Fact::Tenant(self.tenant, event)).collect();
        Ok(Decision { facts, guards, contents: None })
    }
}

impl UpdateTenant {
    fn renamed(&self, tenant: &Tenant) -> Option<TenantEvent> {
        let name = self.name.clone().filter(|name| *name != tenant.name)?;
        Some(TenantEvent::Renamed { name })
    }

    fn settings_changed(&self, tenant: &Tenant) -> Option<TenantEvent> {
        let now = &tenant.settings;
        let settings = match &self.settings {
            Change::Keep => return None,
            Change::Clear => TenantSettings::default(),
            Change::Set(change) => change.over(now),
        };
        (settings != *now).then_some(TenantEvent::SettingsChanged { settings })
    }

    fn relay_changed(&self, tenant: &Tenant) -> Result<Option<TenantEvent>, Refusal> {
        let now = tenant.relay.as_ref();
        Ok(match &self.relay {
            Change::Keep => None,
            Change::Clear => now.map(|_| TenantEvent::SmtpRelayCleared),
            Change::Set(change) => {
                let relay = change.over(now).map_err(Refusal::Relay)?;
                (Some(&relay) != now).then_some(TenantEvent::SmtpRelaySet { relay })
            }
        })
    }

    fn rate_limits_changed(&self, tenant: &Tenant) -> Option<TenantEvent> {
        let now = &tenant.rate_limit;
        let rate_limit = match &self.rate_limit {
            Change::Keep => return None,
            Change::Clear => RateLimit::default(),
            Change::Set(change) => change.over(now),
        };
        (rate_limit != *now).then_some(TenantEvent::RateLimitsChanged { rate_limit })
    }

    /// A domain is claimed in the moment in which it changes hands, and not before.
    fn domain_changed(&self, tenant: &Tenant) -> (Option<TenantEvent>, Vec<Guard>) {
        let domain = self.domain.over(tenant.domain.as_ref());
        if domain == tenant.domain {
            return (None, Vec::new());
        }
        let owner = self.tenant.to_string();
        // One that the tenant has added besides stays its own.
        let given_up = tenant.domain.as_ref().filter(|old| tenant.added(old).is_none());
        let released = given_up.map(|old| Guard::Release {
            kind: DOMAIN,
            name: old.to_string(),
            owner: owner.clone(),
        });
        let claimed = domain.as_ref().map(|new| Guard::Claim {
            kind: DOMAIN,
            name: new.to_string(),
            owner: owner.clone(),
        });
        let guards = released.into_iter().chain(claimed).collect();
        (Some(TenantEvent::DomainChanged { domain }), guards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::tenant::TenantCreated;

    fn created(tenant: TenantId) -> Fact {
        Fact::Tenant(
            tenant,
            TenantEvent::Created(TenantCreated {
                name: "Acme".to_owned(),
                domain: Some(HostName::domain("acme.com").unwrap()),
                settings: TenantSettings {
                    from_name: Some("Acme".to_owned()),
                    ..TenantSettings::default()
                },
                relay: None,
                rate_limit: RateLimit::default(),
            }),
        )
    }

    fn nothing(tenant: TenantId) -> UpdateTenant {
        UpdateTenant {
            tenant,
            name: None,
            domain: Change::Keep,
            settings: Change::Keep,
            relay: Change::Keep,
            rate_limit: Change::Keep,
        }
    }

    #[test]
    fn what_is_absent_stays_and_what_is_the_same_is_no_fact() {
        let tenant = TenantId::at(now());
        let same = UpdateTenant { name: Some("Acme".to_owned()), ..nothing(tenant) };
        given([created(tenant)]).when(&same).then(&[]);
    }

    #[test]
    fn a_null_clears_one_setting_and_leaves_the_others() {
        let tenant = TenantId::at(now());
        let reply_to: Mailbox = "help@acme.com".parse().unwrap();
        let change = SettingsChange {
            from_name: Change::Clear,
            reply_to: Change::Set(reply_to.clone()),
            ..SettingsChange::default()
        };
        let command = UpdateTenant { settings: Change::Set(change), ..nothing(tenant) };
        let settings = TenantSettings { reply_to: Some(reply_to), ..TenantSettings::default() };
        let changed = Fact::Tenant(tenant, TenantEvent::SettingsChanged { settings });
        given([created(tenant)]).when(&command).then(&[changed]);
    }

    #[test]
    fn a_new_domain_is_claimed_and_the_old_one_released() {
        let tenant = TenantId::at(now());
        let domain = HostName::domain("acme.org").unwrap();
        let command = UpdateTenant { domain: Change::Set(domain.clone()), ..nothing(tenant) };
        let changed = Fact::Tenant(tenant, TenantEvent::DomainChanged { domain: Some(domain) });
        let guards = given([created(tenant)]).when(&command).then(&[changed]);
        assert!(matches!(&guards[..], [Guard::Release { .. }, Guard::Claim { .. }]));
    }

    #[test]
    fn a_deleted_tenant_is_not_found() {
        let tenant = TenantId::at(now());
        given([created(tenant), Fact::Tenant(tenant, TenantEvent::Deleted)])
            .when(&nothing(tenant))
            .then_refused(&Refusal::NotFound);
    }
}
