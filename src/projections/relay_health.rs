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
}

/// What is known of a tenant's relay.
pub async fn find(pool: &PgPool, tenant: TenantId) -> sqlx::Result<Option<RelayHealth>> {
    sqlx::query_as!(
        RelayHealth,
        "select healthy, message, since from relay_health where tenant_id = $1",
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// Forgets how a tenant's relay did: what it said may name somebody.
pub async fn forget(pool: &PgPool, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("delete from relay_health where tenant_id = $1", tenant.to_string())
        .execute(pool)
        .await?;
    Ok(())
}

/// Notes how a tenant's relay did, if that is news.
pub async fn note(
    pool: &PgPool,
    tenant: TenantId,
    trouble: Option<&str>,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into relay_health (tenant_id, healthy, message, since)
         values ($1, $2, $3, $4)
         on conflict (tenant_id) do update
         set healthy = excluded.healthy, message = excluded.message,
             since = case when relay_health.healthy = excluded.healthy
                          then relay_health.since else excluded.since end
         where relay_health.healthy <> excluded.healthy
            or relay_health.message is distinct from excluded.message",
        tenant.to_string(),
        trouble.is_none(),
        trouble,
        at.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
