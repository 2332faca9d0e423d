//! A new API key, which may do no more than whoever grants it.

use super::{ADMIN_KEY, KeyState};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::api_key::ApiKeyCreated;
use crate::events::store::append::Guard;
use crate::events::{ApiKeyEvent, Fact, Stream};
use crate::values::{HostName, KeyId, Permissions, Secret, SecretKey, TenantId, Timestamp, Token};

/// Asks for a new key.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// Whose; none for an admin's.
    pub tenant: Option<TenantId>,
    /// Its id, new.
    pub key: KeyId,
    /// What it is to be.
    pub created: ApiKeyCreated,
    /// What the key that asks may do itself; none for an admin, who may do everything.
    pub granter: Option<Granter>,
}

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may do; an admin's has none here.
    pub permissions: Permissions,
    /// When it stops by itself.
    pub expires_at: Option<Timestamp>,
    /// If given, it may send from these domains only.
    pub allowed_domains: Option<Vec<HostName>>,
}

impl CreateApiKey {
    /// A key that this token opens; of the token only its keyed hash goes further.
    pub fn of(
        (tenant, key): (Option<TenantId>, KeyId),
        new: NewKey,
        (token, secrets): (&Secret, &SecretKey),
        granter: Option<Granter>,
    ) -> Self {
        let created = ApiKeyCreated {
            name: new.name,
            hash: Token::hash(secrets, token.expose()),
            prefix: Token::display_prefix(token.expose()),
            permissions: new.permissions,
            expires_at: new.expires_at,
            allowed_domains: new.allowed_domains,
            predecessor: None,
        };
        Self { tenant, key, created, granter }
    }
}

/// The powers of the key that asks for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granter {
    /// What it may do.
    pub permissions: Permissions,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
    /// From where it may send, if not from everywhere.
    pub allowed_domains: Option<Vec<HostName>>,
}

/// Why there is no new key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
    /// More than the granter has itself.
    #[error("a key cannot grant what it has not itself: {0}")]
    MoreThanOneHas(&'static str),
    /// It would never open anything.
    #[error("it would have expired already: give a time in the future")]
    ExpiresInThePast,
}

impl Command for CreateApiKey {
    type State = KeyState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::api_key(self.tenant, self.key)
    }

    fn begins(&self) -> bool {
        true
    }

    fn relies_on(&self) -> Option<TenantId> {
        self.tenant
    }

    fn decide(
        &self,
        key: &KeyState,
        tenant: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        if key.ever().is_some() {
            return Ok(Decision::already());
        }
        if self.tenant.is_some() && tenant.living().is_none() {
            return Err(Refusal::NoTenant);
        }
        if self.created.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::ExpiresInThePast);
        }
        if let Some(granter) = &self.granter {
            granter.check(&self.created)?;
        }
        let event = ApiKeyEvent::Created(self.created.clone());
        let decision = Decision::of(vec![Fact::ApiKey(self.tenant, self.key, event)]);
        Ok(match self.tenant {
            Some(_) => decision,
            // The operator's own key is made by each node that starts, and must become one key.
            None => decision.guarded(Guard::Claim {
                kind: ADMIN_KEY,
                name: self.created.hash.to_string(),
                owner: self.key.to_string(),
            }),
        })
    }
}

impl Granter {
    pub(super) fn check(&self, wanted: &ApiKeyCreated) -> Result<(), Refusal> {
        if !self.permissions.covers(&wanted.permissions) {
            return Err(Refusal::MoreThanOneHas("permissions"));
        }
        let outlives = match (self.expires_at, wanted.expires_at) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(wanted)) => wanted > own,
        };
        if outlives {
            return Err(Refusal::MoreThanOneHas("expires_at"));
        }
        let wider = match (&self.allowed_domains, &wanted.allowed_domains) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(wanted)) => wanted.iter().any(|domain| !own.contains(domain)),
        };
        if wider { Err(Refusal::MoreThanOneHas("allowed_domains")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::TenantEvent;
    use crate::events::tenant::TenantCreated;
    use crate::values::{RateLimit, SecretKey, TenantSettings, Token};

    fn permissions(names: &[&str]) -> Permissions {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Permissions::parse(&names).unwrap()
    }

    fn wanted(names: &[&str]) -> ApiKeyCreated {
        let secret = SecretKey::new("0123456789abcdef0123456789abcdef").unwrap();
        ApiKeyCreated {
            name: "Production".to_owned(),
            hash: Token::hash(&secret, "sk_live_x"),
            prefix: "sk_live_x".to_owned(),
            permissions: permissions(names),
            expires_at: None,
            allowed_domains: None,
            predecessor: None,
        }
    }

    fn tenant(id: TenantId) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: None,
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        Fact::Tenant(id, TenantEvent::Created(created))
    }

    fn command(names: &[&str], own: Option<&[&str]>) -> CreateApiKey {
        let granter = own.map(|own| Granter {
            permissions: permissions(own),
            expires_at: None,
            allowed_domains: None,
        });
        CreateApiKey {
            tenant: Some(TenantId::at(now())),
            key: KeyId::at(now()),
            created: wanted(names),
            granter,
        }
    }

    #[test]
    fn a_key_never_grants_more_than_it_has() {
        let command = command(&["send", "usage:read"], Some(&["send", "api-keys:write"]));
        let tenant = tenant(command.tenant.unwrap());
        given([])
            .and_tenant([tenant])
            .when(&command)
            .then_refused(&Refusal::MoreThanOneHas("permissions"));
    }

    #[test]
    fn a_key_never_grants_a_longer_life_or_more_domains_than_its_own() {
        let mut command = command(&["send"], Some(&["*"]));
        let acme = tenant(command.tenant.unwrap());
        let granter = command.granter.as_mut().unwrap();
        granter.expires_at = Some(now().plus(std::time::Duration::from_secs(60)));
        given([])
            .and_tenant([acme.clone()])
            .when(&command)
            .then_refused(&Refusal::MoreThanOneHas("expires_at"));
        let granter = command.granter.as_mut().unwrap();
        granter.expires_at = None;
        granter.allowed_domains = Some(vec![HostName::domain("acme.com").unwrap()]);
        given([])
            .and_tenant([acme])
            .when(&command)
            .then_refused(&Refusal::MoreThanOneHas("allowed_domains"));
    }

    #[test]
    fn a_key_is_made_once_and_not_made_over() {
        let command = command(&["send"], None);
        let made = ApiKeyEvent::Created(wanted(&["usage:read"]));
        given([Fact::ApiKey(command.tenant, command.key, made)])
            .and_tenant([tenant(command.tenant.unwrap())])
            .when(&command)
            .then(&[]);
    }

    #[test]
    fn a_tenant_that_is_not_there_has_no_keys() {
        given([]).when(&command(&["send"], None)).then_refused(&Refusal::NoTenant);
    }
}
