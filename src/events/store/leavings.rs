//! What an erased tenant has left beside the log: deleted after its key, however often we are killed.

use std::time::Duration;

use super::EventStore;
use crate::values::{TenantId, Timestamp};

/// A request that was let in before the erasure may leave something for so long after it.
const LATE: Duration = Duration::from_secs(60);

impl EventStore {
    /// Deletes what a tenant's mails said, and the answers that were kept for its requests.
    pub async fn sweep(&self, tenant: TenantId) -> sqlx::Result<()> {
        self.forget_contents_of(tenant).await?;
        self.forget_receipts_of(tenant).await
    }

    /// The erased tenants of which something may be left.
    pub async fn unswept(&self) -> sqlx::Result<Vec<TenantId>> {
        let found = sqlx::query_scalar!(
            "select tenant_id from tenant_keys where wrapped is null and swept_at is null limit 100",
        );
        let found = found.fetch_all(&self.pool).await?;
        Ok(found.iter().filter_map(|tenant| tenant.parse().ok()).collect())
    }

    /// Nothing is left, and nothing can come any more.
    pub async fn swept(&self, tenant: TenantId, now: Timestamp) -> sqlx::Result<()> {
        sqlx::query!(
            "update tenant_keys set swept_at = $2
             where tenant_id = $1 and wrapped is null and destroyed_at <= $3",
            tenant.to_string(),
            now.as_datetime(),
            now.minus(LATE).as_datetime(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
