//! How a tenant looks in an answer: as on the page, and never with its password.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::commands::past::Done;
use crate::commands::tenant::{Tenant, TenantState};
use crate::projections::relay_health::RelayHealth;
use crate::projections::tenants::TenantRow;
use crate::values::Timestamp;

/// A tenant.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TenantView {
    #[schema(example = "tenant_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "Acme Corp")]
    name: String,
    #[schema(example = "acme.com")]
    domain: Option<String>,
    /// Defaults for new mail.
    #[schema(value_type = super::body::SettingsBody)]
    settings: Value,
    /// Its own relay; `has_password` instead of the password, and `health` once it has been used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    smtp: Option<Value>,
    /// Its own limits; what is absent is the service's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::body::RateLimitBody>)]
    rate_limit: Option<Value>,
    /// `active`, `suspended`, `paused` or `deleted`.
    #[schema(example = "active")]
    status: String,
    #[schema(example = "2024-01-15T10:30:00Z")]
    created_at: String,
    /// How many of each it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
}

/// How many of each a tenant has.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Keys that open doors.
    pub(super) api_keys: i64,
    pub(super) templates: i64,
    pub(super) webhooks: i64,
    pub(super) domains: i64,
}

impl TenantView {
    /// The tenant after a command.
    pub(super) fn after(done: &Done<TenantState>) -> Self {
        done.past.state.ever().map(Self::of_tenant).unwrap_or_default()
    }

    fn of_tenant(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            domain: tenant.domain.as_ref().map(ToString::to_string),
            settings: json!(tenant.settings),
            smtp: tenant.relay.as_ref().map(|relay| without_password(json!(relay))),
            rate_limit: unless_empty(json!(tenant.rate_limit)),
            status: tenant.standing.as_str().to_owned(),
            created_at: tenant.created_at.to_string(),
            counts: None,
        }
    }

    /// The tenant in the read table.
    pub(super) fn of_row(row: &TenantRow) -> Self {
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            domain: row.domain.clone(),
            settings: row.settings.clone(),
            smtp: row.smtp_config.clone().map(without_password),
            rate_limit: unless_empty(row.rate_limit.clone()),
            status: row.status.clone(),
            created_at: Timestamp::from(row.created_at).to_string(),
            counts: None,
        }
    }

    /// With how many of each it has.
    pub(super) fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// With how its own relay did last.
    pub(super) fn with_health(mut self, health: Option<RelayHealth>) -> Self {
        if let (Some(Value::Object(smtp)), Some(health)) = (&mut self.smtp, health) {
            let status = if health.healthy { "healthy" } else { "unhealthy" };
            let since = Timestamp::from(health.since);
            let health = json!({"status": status, "message": health.message, "since": since});
            smtp.insert("health".to_owned(), health);
        }
        self
    }
}

fn without_password(mut relay: Value) -> Value {
    if let Value::Object(fields) = &mut relay {
        let has_password = fields.remove("password").is_some_and(|sealed| !sealed.is_null());
        fields.insert("has_password".to_owned(), has_password.into());
    }
    relay
}

fn unless_empty(limits: Value) -> Option<Value> {
    Some(limits).filter(|limits| limits.as_object().is_some_and(|fields| !fields.is_empty()))
}
