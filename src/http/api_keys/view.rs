//! How a key looks in an answer; its token is in the first one only.

use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::api_key::KeyState;
use crate::commands::past::Done;
use crate::projections::api_keys::ApiKeyRow;
use crate::values::{KeyId, Secret, TenantId, Timestamp};

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    #[schema(example = "key_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "Production")]
    name: String,
    /// The first characters of its token.
    #[schema(example = "sk_live_A1b2")]
    prefix: String,
    permissions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_domains: Option<Vec<String>>,
    tenant_id: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
}

/// A new key with its token, which is never shown again.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct NewKeyView {
    #[schema(example = "key_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "Production")]
    name: String,
    /// Keep it: it is not shown again.
    #[schema(example = "sk_live_…")]
    key: String,
    permissions: Vec<String>,
    tenant_id: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_domains: Option<Vec<String>>,
    /// The key whose place it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    predecessor: Option<Predecessor>,
}

/// A key that has a successor.
#[derive(Debug, Serialize, ToSchema)]
pub struct Predecessor {
    id: String,
    /// Until when it still works.
    expires_at: Option<String>,
}

/// A key is revoked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revoked {
    #[schema(value_type = String)]
    id: KeyId,
    revoked: bool,
}

impl From<ApiKeyRow> for ApiKeyView {
    fn from(row: ApiKeyRow) -> Self {
        let time = |at: Option<_>| at.map(|at| Timestamp::from(at).to_string());
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            permissions: row.permissions,
            allowed_domains: row.allowed_domains,
            tenant_id: row.tenant_id,
            created_at: Timestamp::from(row.created_at).to_string(),
            expires_at: time(row.expires_at),
            revoked_at: time(row.revoked_at),
            last_used_at: time(row.last_used_at),
        }
    }
}

impl NewKeyView {
    /// The key that was just made.
    pub(super) fn created(
        done: &Done<KeyState>,
        (tenant, id): (TenantId, KeyId),
        token: &Secret,
    ) -> Self {
        let Some(key) = done.past.state.ever() else { return Self::default() };
        let domains = key.created.allowed_domains.as_ref();
        Self {
            id: id.to_string(),
            name: key.created.name.clone(),
            key: token.expose().to_owned(),
            permissions: key.created.permissions.names(),
            tenant_id: tenant.to_string(),
            created_at: done.at.to_string(),
            expires_at: key.created.expires_at.map(|at| at.to_string()),
            allowed_domains: domains.map(|all| all.iter().map(ToString::to_string).collect()),
            predecessor: None,
        }
    }

    /// The key that took the place of the one whose state this is.
    pub(super) fn succeeding(
        done: &Done<KeyState>,
        (tenant, id): (TenantId, KeyId),
        (old, token): (KeyId, &Secret),
    ) -> Self {
        let ends = done.past.state.ever().and_then(|key| key.expires_at).map(|at| at.to_string());
        let predecessor = Predecessor { id: old.to_string(), expires_at: ends };
        Self { predecessor: Some(predecessor), ..Self::created(done, (tenant, id), token) }
    }
}

impl Revoked {
    pub(super) fn of(id: KeyId) -> Self {
        Self { id, revoked: true }
    }
}
