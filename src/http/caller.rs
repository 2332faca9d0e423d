//! Who is asking, and whether that one may.
//!
//! The extractors say in a handler's signature who may call it, and are checked before a body is read.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::keyring::KnownKey;
use super::problem::Problem;
use super::request_id::RequestId;
use crate::commands::api_key::Granter;
use crate::commands::context::{Context, KeySeen};
use crate::values::{Permission, TenantId};

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// With which key.
    pub key: Arc<KnownKey>,
    /// In which request.
    pub request_id: RequestId,
}

/// A caller who reaches every tenant.
#[derive(Clone, Debug)]
pub struct Admin(pub Caller);

/// An admin, and the tenant that the path names. A tenant's key is told that this needs an admin's if the
/// tenant is its own; any other tenant does not exist for it.
#[derive(Clone, Debug)]
pub struct OnTenant {
    /// Who asks.
    pub caller: Caller,
    /// About which tenant; whether there is one is not checked yet.
    pub tenant: TenantId,
}

/// What a handler needs a key for: any one of these will do.
pub trait Need: Send {
    /// The permissions.
    const ANY_OF: &'static [Permission];
}

/// A tenant's key with a permission.
#[derive(Clone, Debug)]
pub struct OfTenant<N> {
    /// Who asks.
    pub caller: Caller,
    /// For which tenant.
    pub tenant: TenantId,
    need: PhantomData<N>,
}

/// A tenant's key with a permission, or an admin's.
#[derive(Clone, Debug)]
pub struct Allowed<N> {
    /// Who asks.
    pub caller: Caller,
    need: PhantomData<N>,
}

macro_rules! needs {
    ($($(#[$doc:meta])+ $name:ident = [$($permission:ident),*];)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Need for $name {
            const ANY_OF: &'static [Permission] = &[$(Permission::$permission),*];
        }
    )+};
}

needs! {
    /// To send, and to withdraw what was sent.
    ToSend = [Send];
    /// To see what became of what was sent.
    ToSeeEmails = [Send, EmailsRead];
    /// To read timelines.
    ToReadLogs = [LogsRead];
    /// To read the usage.
    ToReadUsage = [UsageRead];
    /// To see all that happened in the tenant.
    ToReadHistory = [All];
    /// To list keys.
    ToSeeKeys = [ApiKeysRead, ApiKeysWrite];
    /// To make and revoke keys.
    ToChangeKeys = [ApiKeysWrite];
    /// To see all that happened to the tenant, with proofs.
    ToAudit = [All];
    /// To see webhooks, and what they were told.
    ToSeeWebhooks = [WebhooksRead, WebhooksWrite];
    /// To make, change and try webhooks.
    ToChangeWebhooks = [WebhooksWrite];
    /// To be one of the tenant's keys.
    ToBelong = [];
    /// To see to whom no mail goes.
    ToSeeSuppressions = [SuppressionsRead, SuppressionsWrite];
    /// To say to whom no mail goes.
    ToChangeSuppressions = [SuppressionsWrite];
    /// To see domains.
    ToSeeDomains = [DomainsRead, DomainsWrite];
    /// To add, verify and give up domains.
    ToChangeDomains = [DomainsWrite];
    /// To see templates.
    ToSeeTemplates = [TemplatesRead, TemplatesWrite];
    /// To make, change and delete templates.
    ToChangeTemplates = [TemplatesWrite];
}

impl Caller {
    /// True for a key that reaches every tenant.
    pub fn is_admin(&self) -> bool {
        self.key.tenant.is_none()
    }

    /// True if the key has this permission; an admin's has all.
    pub fn may(&self, permission: Permission) -> bool {
        self.is_admin() || self.key.permissions.allows(permission)
    }

    /// The circumstances of what it asks for.
    pub fn context(&self) -> Context {
        Context {
            actor: self.key.id.to_string(),
            request_id: Some(self.request_id.0.clone()),
            key: Some(KeySeen::new(self.key.tenant, self.key.id, self.key.version)),
            reacts: false,
        }
    }

    /// The powers that it can hand on; an admin's have no bounds.
    pub fn granter(&self) -> Option<Granter> {
        (!self.is_admin()).then(|| Granter {
            permissions: self.key.permissions.clone(),
            expires_at: self.key.expires_at,
            allowed_domains: self.key.allowed_domains.clone(),
        })
    }

    fn meets<N: Need>(&self) -> Result<(), Problem> {
        if N::ANY_OF.is_empty() || N::ANY_OF.iter().any(|permission| self.may(*permission)) {
            return Ok(());
        }
        let names: Vec<&str> = N::ANY_OF.iter().map(|permission| permission.as_str()).collect();
        let message = format!("this API key needs the permission {}", names.join(" or "));
        Err(Problem::forbidden("permission_required", message))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthorized)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.is_admin() { Ok(Self(caller)) } else { Err(needs_admin()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OnTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let named = path.ok().and_then(|path| path.get("id").and_then(|id| id.parse().ok()));
        match (named, caller.key.tenant) {
            (Some(tenant), None) => Ok(Self { caller, tenant }),
            (Some(tenant), Some(own)) if tenant == own => Err(needs_admin()),
            (Some(_) | None, _) => Err(no_such_tenant()),
        }
    }
}

fn needs_admin() -> Problem {
    Problem::forbidden("admin_required", "this needs an admin key")
}

/// There is none, or it is somebody else's.
pub fn no_such_tenant() -> Problem {
    Problem::not_found("there is no such tenant")
}

impl<N: Need, S: Send + Sync> FromRequestParts<S> for OfTenant<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Some(tenant) = caller.key.tenant else {
            let message = "this needs a tenant's key; an admin key finds the same under \
                           /v1/tenants/{id}";
            return Err(Problem::forbidden("tenant_key_required", message));
        };
        caller.meets::<N>()?;
        Ok(Self { caller, tenant, need: PhantomData })
    }
}

impl<N: Need, S: Send + Sync> FromRequestParts<S> for Allowed<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.meets::<N>()?;
        Ok(Self { caller, need: PhantomData })
    }
}
