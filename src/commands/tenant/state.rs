//! What decisions know of a tenant.

use crate::commands::State;
use crate::events::{Fact, Recorded, TenantEvent};
use crate::values::{
    HostName, RateLimit, Relay, SendingDomain, TenantId, TenantSettings, Timestamp,
};

/// A tenant's past, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TenantState {
    tenant: Option<Tenant>,
}

/// A tenant as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// The domain it sends from.
    pub domain: Option<HostName>,
    /// Its defaults for new mail.
    pub settings: TenantSettings,
    /// Its own relay.
    pub relay: Option<Relay>,
    /// Its limits.
    pub rate_limit: RateLimit,
    /// Whether it may send.
    pub standing: Standing,
    /// Whether its key is destroyed: what was personal in its history cannot be read any more.
    pub erased: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// The domains that it has added besides.
    pub sending_domains: Vec<SendingDomain>,
    /// When it was last allowed to send again.
    pub resumed_at: Option<Timestamp>,
    /// When it was last warned of its bounces or complaints.
    pub warned_at: Option<Timestamp>,
}

/// Whether a tenant may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may send.
    Active,
    /// It may only read.
    Suspended,
    /// It is history.
    Deleted,
    /// It may only read, because too much of its mail bounced or was complained of.
    Paused,
}

impl Standing {
    /// Its name in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
            Self::Paused => "paused",
        }
    }
}

impl TenantState {
    /// The tenant, unless it was never there or is deleted.
    pub fn living(&self) -> Option<&Tenant> {
        self.tenant.as_ref().filter(|tenant| tenant.standing != Standing::Deleted)
    }

    /// The tenant, deleted or not.
    pub fn ever(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }
}

impl State for TenantState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Tenant(id, event) = &recorded.fact else { return };
        if let TenantEvent::Created(created) = event {
            self.tenant = Some(Tenant {
                id: *id,
                name: created.name.clone(),
                domain: created.domain.clone(),
                settings: created.settings.clone(),
                relay: created.relay.clone(),
                rate_limit: created.rate_limit.clone(),
                standing: Standing::Active,
                erased: false,
                created_at: recorded.at,
                sending_domains: Vec::new(),
                resumed_at: None,
                warned_at: None,
            });
        } else if let Some(tenant) = &mut self.tenant {
            tenant.change(event, recorded.at);
        }
    }
}

impl Tenant {
    /// True if it may send from there.
    pub fn owns(&self, domain: &HostName) -> bool {
        self.domain.as_ref() == Some(domain) || self.added(domain).is_some()
    }

    /// The domain of this name that it has added.
    pub fn added(&self, domain: &HostName) -> Option<&SendingDomain> {
        self.sending_domains.iter().find(|added| added.name == *domain)
    }

    /// All names that it keeps others from having.
    pub fn claimed(&self) -> impl Iterator<Item = &HostName> {
        let own = self.domain.iter().filter(|own| self.added(own).is_none());
        own.chain(self.sending_domains.iter().map(|added| &added.name))
    }

    fn change(&mut self, event: &TenantEvent, at: Timestamp) {
        match event {
            TenantEvent::Created(_) => {}
            TenantEvent::Renamed { name } => self.name.clone_from(name),
            TenantEvent::DomainChanged { domain } => self.domain.clone_from(domain),
            TenantEvent::SettingsChanged { settings } => self.settings.clone_from(settings),
            TenantEvent::SmtpRelaySet { relay } => self.relay = Some(relay.clone()),
            TenantEvent::SmtpRelayCleared => self.relay = None,
            TenantEvent::RateLimitsChanged { rate_limit } => self.rate_limit.clone_from(rate_limit),
            TenantEvent::Suspended => self.standing = Standing::Suspended,
            TenantEvent::Resumed => {
                self.standing = Standing::Active;
                self.resumed_at = Some(at);
            }
            TenantEvent::Deleted => self.standing = Standing::Deleted,
            TenantEvent::Erased => self.erased = true,
            TenantEvent::SendingDomainsChanged { domains } => {
                self.sending_domains.clone_from(domains);
            }
            TenantEvent::ReputationWarned { .. } => self.warned_at = Some(at),
            TenantEvent::SendingPaused { .. } => self.standing = Standing::Paused,
        }
    }
}
