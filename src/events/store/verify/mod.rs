//! Is the log what it says it is? Each fact on its own, then the streams, then the ids.

mod facts;
mod streams;

use super::read::Reader;
use crate::values::{TenantId, Verdict};

/// The checks of the log itself, in their order. Each reads what stands there when it comes to it: a log that
/// grows meanwhile is as good as one at rest, since what stands before its head never changes.
pub async fn verify(
    log: &Reader,
    tenant: Option<TenantId>,
    tell: &(dyn Fn(i64, i64) + Send + Sync),
) -> sqlx::Result<Vec<Verdict>> {
    let mut verdicts = facts::check(log, tenant, tell).await?;
    verdicts.push(streams::check(log.pool(), tenant).await?);
    verdicts.push(streams::ids(log.pool(), tenant).await?);
    Ok(verdicts)
}
