//! Answers that were given under an `Idempotency-Key`, kept for a day.

use std::time::Duration;

use super::EventStore;
use super::append::Receipt;
use crate::values::{TenantId, Timestamp};

/// So long the same key gives the same answer.
pub const RECEIPT_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

impl EventStore {
    /// The answer that was given under a key within the last day.
    pub async fn receipt(&self, scope: &str, key: &str) -> sqlx::Result<Option<Receipt>> {
        let row = sqlx::query!(
            "select request, answer, created_at from receipts where scope = $1 and key = $2",
            scope,
            key,
        )
        .fetch_optional(&self.pool)
        .await?;
        let since = self.clock.now().minus(RECEIPT_LIFE);
        Ok(row.filter(|row| Timestamp::from(row.created_at) > since).map(|row| Receipt {
            scope: scope.to_owned(),
            key: key.to_owned(),
            request: row.request,
            answer: row.answer,
        }))
    }

    /// Forgets all receipts of a tenant.
    pub(super) async fn forget_receipts_of(&self, tenant: TenantId) -> sqlx::Result<()> {
        sqlx::query!("delete from receipts where scope = $1", tenant.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets the receipts from before a moment, some thousands at a time; says how many.
    pub async fn forget_receipts(&self, before: Timestamp) -> sqlx::Result<u64> {
        let done = sqlx::query!(
            // The moment is looked at twice: the row may be given anew while we wait for it.
            "delete from receipts where (scope, key) in
             (select scope, key from receipts where created_at <= $1 limit 5000)
             and created_at <= $1",
            before.as_datetime(),
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}
