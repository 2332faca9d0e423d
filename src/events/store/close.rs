//! Closes what is past: from then on nothing is recorded with an earlier time, whatever a clock says.

use super::EventStore;
use crate::values::Timestamp;

impl EventStore {
    /// Sees to it that nothing is recorded any more with a time before `until`, on any node.
    ///
    /// Writers take turns at the row that this changes. So whatever was recorded with an earlier time
    /// stands in the log when this is done, and whoever comes later is told [`Late`] and decides again.
    ///
    /// [`Late`]: super::append::AppendError::Late
    pub async fn close(&self, until: Timestamp) -> sqlx::Result<()> {
        let closed =
            sqlx::query_scalar!("select closed_until from log_head").fetch_one(&self.pool).await?;
        // Most often it is so already, and nobody has to wait for a turn.
        if closed.is_some_and(|closed| Timestamp::from(closed) >= until) {
            return Ok(());
        }
        sqlx::query!(
            "update log_head set closed_until = greatest(closed_until, $1)",
            until.as_datetime(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
