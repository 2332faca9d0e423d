//! How each tenant's relay did last: what the delivery saw, not a fact.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::values::{TenantId, Timestamp};

/// How a relay did last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayHealth {
    /// It took the last mail.
    pub healthy: bool,
    /// What was wrong.
    pub message: Option<String>,
    /// Since when it has been so.
    pub since: DateTime<Utc>,
    /// Of which version of the tenant's settings.
    pub version: i64,
}

/// What is known of a tenant's relay.
pub async fn find(pool: &PgPool, tenant: TenantId) -> sqlx::Result<Option<RelayHealth>> {
    sqlx::query_as!(
        RelayHealth,
        "select healthy, message, since, version from relay_health where tenant_id = $1",
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// Notes how a tenant's relay did, if that is news.
pub async fn note(
    pool: &PgPool,
    tenant: TenantId,
    version: i64,
    trouble: Option<&str>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into relay_health (tenant_id, version, healthy, message, since)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id) do update
         set version = excluded.version, healthy = excluded.healthy, message = excluded.message,
             since = case when relay_health.healthy = excluded.healthy
                          then relay_health.since else excluded.since end
         where (relay_health.version, relay_health.healthy, coalesce(relay_health.message, ''))
               is distinct from
               (excluded.version, excluded.healthy, coalesce(excluded.message, ''))",
        tenant.to_string(),
        version,
        trouble.is_none(),
        trouble,
        at.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
