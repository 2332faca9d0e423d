//! Everything that can have happened, in the past tense, and the log that holds it.
//!
//! A fact is written once and never changed. To add one: a variant in its noun's file, a wire name in
//! [`codec`], a golden file under `tests/golden`, and an arm in every reader that the compiler names:
//! [`redact`] among them, which asks what of it is a secret.

mod about;
pub mod api_key;
pub mod codec;
pub mod domain;
pub mod email;
pub mod redact;
pub mod store;
pub mod suppression;
pub mod template;
pub mod tenant;
mod upcast;
pub mod usage;
pub mod webhook;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::{
    Day, DomainId, EmailId, EventId, KeyId, SuppressionId, TemplateId, TenantId, Timestamp,
    WebhookId,
};

pub use about::all_about;
pub use api_key::ApiKeyEvent;
pub use domain::DomainEvent;
pub use email::EmailEvent;
pub use suppression::SuppressionEvent;
pub use template::TemplateEvent;
pub use tenant::TenantEvent;
pub use usage::UsageEvent;
pub use webhook::WebhookEvent;

/// One line of history: what belongs together and is decided together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    tenant: Option<TenantId>,
    id: String,
}

impl Stream {
    /// A tenant's own settings and state.
    pub fn tenant(tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), id: tenant.to_string() }
    }

    /// One API key; an admin key belongs to no tenant.
    pub fn api_key(tenant: Option<TenantId>, key: KeyId) -> Self {
        Self { tenant, id: key.to_string() }
    }

    /// One email's life.
    pub fn email(tenant: TenantId, email: EmailId) -> Self {
        Self { tenant: Some(tenant), id: email.to_string() }
    }

    /// The requests that a tenant made on one UTC day.
    pub fn usage(tenant: TenantId, day: Day) -> Self {
        Self { tenant: Some(tenant), id: format!("usage_{tenant}_{day}") }
    }

    /// One domain's life in a tenant.
    pub fn domain(tenant: TenantId, domain: DomainId) -> Self {
        Self { tenant: Some(tenant), id: domain.to_string() }
    }
    /// One address of which a tenant's suppression list knows or knew.
    pub fn suppression(tenant: TenantId, suppression: SuppressionId) -> Self {
        Self { tenant: Some(tenant), id: suppression.to_string() }
    }
    /// One template's versions.
    pub fn template(tenant: TenantId, template: TemplateId) -> Self {
        Self { tenant: Some(tenant), id: template.to_string() }
    }
    /// One webhook.
    pub fn webhook(tenant: TenantId, webhook: WebhookId) -> Self {
        Self { tenant: Some(tenant), id: webhook.to_string() }
    }

    /// Whose history this is; none for the operator's own.
    pub fn owner(&self) -> Option<TenantId> {
        self.tenant
    }

    /// The name under which the log keeps it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Anything that can have happened, with what it happened to.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// To a tenant.
    Tenant(TenantId, TenantEvent),
    /// To an API key; `None` is an admin's.
    ApiKey(Option<TenantId>, KeyId, ApiKeyEvent),
    /// To an email.
    Email(TenantId, EmailId, EmailEvent),
    /// To a tenant's usage on a day.
    Usage(TenantId, Day, UsageEvent),
    /// To a domain that a tenant sends from.
    Domain(TenantId, DomainId, DomainEvent),
    /// To an address on a tenant's suppression list.
    Suppression(TenantId, SuppressionId, SuppressionEvent),
    /// To a template.
    Template(TenantId, TemplateId, TemplateEvent),
    /// To a webhook.
    Webhook(TenantId, WebhookId, WebhookEvent),
}

impl Fact {
    /// The stream that this fact continues.
    pub fn stream(&self) -> Stream {
        match self {
            Self::Tenant(tenant, _) => Stream::tenant(*tenant),
            Self::ApiKey(tenant, key, _) => Stream::api_key(*tenant, *key),
            Self::Email(tenant, email, _) => Stream::email(*tenant, *email),
            Self::Usage(tenant, day, _) => Stream::usage(*tenant, *day),
            Self::Domain(tenant, domain, _) => Stream::domain(*tenant, *domain),
            Self::Suppression(tenant, id, _) => Stream::suppression(*tenant, *id),
            Self::Template(tenant, template, _) => Stream::template(*tenant, *template),
            Self::Webhook(tenant, webhook, _) => Stream::webhook(*tenant, *webhook),
        }
    }
}

/// Who caused a fact and in which request: what an auditor asks first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The key's id, or the name of the part of the service that acted.
    pub actor: String,
    /// The HTTP request in which it happened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// What belongs to one cause from the outside shares this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlation_id: Option<String>,
    /// The fact that led to this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub causation_id: Option<EventId>,
}

/// A fact with its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Gap-free, from one, in the order of commits.
    pub position: i64,
    /// Gap-free, from one, within the stream.
    pub version: i64,
    /// Its own name.
    pub id: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who and why.
    pub metadata: Metadata,
    /// What happened.
    pub fact: Fact,
}

impl Recorded {
    /// A fact as it would be if it were recorded now, to fold it before it is.
    pub fn imagined(fact: Fact, at: Timestamp) -> Self {
        Self {
            position: 0,
            version: 0,
            id: EventId::at(at),
            at,
            metadata: Metadata::default(),
            fact,
        }
    }
}
