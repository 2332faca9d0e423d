//! How far the tree is grown: nothing beyond may be signed.

use sqlx::PgPool;

use super::AuditError;
use super::rows::broken;
use crate::projections::runner;

/// How many facts the tree covers.
pub async fn covered(pool: &PgPool) -> sqlx::Result<u64> {
    let position =
        sqlx::query_scalar!("select position from projection_cursors where projection = 'audit'")
            .fetch_optional(pool)
            .await?;
    u64::try_from(position.unwrap_or(0)).map_err(broken)
}

/// How many facts the tree covers, once it covers all that had happened when this was asked. It waits
/// for that, within bounds.
pub async fn caught_up(pool: &PgPool) -> Result<u64, AuditError> {
    if runner::caught_up(pool, "audit").await?.caught_up {
        Ok(covered(pool).await?)
    } else {
        Err(AuditError::Behind)
    }
}
