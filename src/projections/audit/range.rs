//! Which of a tenant's facts a range of time means: a run of its chain, without a hole.

use sqlx::PgPool;

use super::AuditError;
use super::rows::{self, broken};
use crate::audit::{Hash, chain};
use crate::values::{TenantId, Timestamp};

/// A run of a tenant's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The positions of the first and of the last; none if there are no facts in it.
    pub(super) ends: Option<(i64, i64)>,
    /// How many there are.
    pub(super) facts: u64,
    /// The link upon which the first is made.
    pub(super) previous_link: Hash,
    /// The tenant's last fact before the end of the range, or zero: a tree must be as large to prove it.
    pub(super) reaches: u64,
}

/// From the first fact that was recorded at or after one moment, to the last before another.
///
/// Moments are those of decisions, so they may stand a little out of order in the log. A chain has no
/// holes: what stands between the two ends belongs to the run, also if its own moment is beyond an end.
pub(super) async fn run(
    pool: &PgPool,
    tenant: TenantId,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
    covered: u64,
) -> Result<Run, AuditError> {
    let tenant = tenant.to_string();
    let found = sqlx::query!(
        r#"select (select min(position) from events
                   where tenant_id = $1 and position <= $2
                     and ($3::timestamptz is null or recorded_at >= $3)) as first,
                  (select max(position) from events
                   where tenant_id = $1 and position <= $2
                     and ($4::timestamptz is null or recorded_at < $4)) as last,
                  exists (select 1 from events where tenant_id = $1) as "exists!""#,
        tenant,
        i64::try_from(covered).map_err(broken)?,
        since.map(Timestamp::as_datetime),
        until.map(Timestamp::as_datetime),
    )
    .fetch_one(pool)
    .await?;
    if !found.exists {
        return Err(AuditError::NoTenant);
    }
    let ends = found.first.zip(found.last).filter(|(first, last)| first <= last);
    // A run without facts begins, and ends, after the last fact before its end.
    let from = ends.map_or(found.last.map_or(0, |last| last + 1), |(first, _)| first);
    let former = rows::last_links(pool, std::slice::from_ref(&tenant), from).await?;
    let previous_link =
        former.first().map_or_else(|| chain::start(Some(&tenant)), |(_, link)| *link);
    let facts = match ends {
        Some(ends) => count(pool, &tenant, ends).await?,
        None => 0,
    };
    let reaches = u64::try_from(found.last.unwrap_or(0)).map_err(broken)?;
    Ok(Run { ends, facts, previous_link, reaches })
}

async fn count(pool: &PgPool, tenant: &str, (first, last): (i64, i64)) -> sqlx::Result<u64> {
    let facts = sqlx::query_scalar!(
        r#"select count(*) as "count!" from events
           where tenant_id = $1 and position between $2 and $3"#,
        tenant,
        first,
        last,
    )
    .fetch_one(pool)
    .await?;
    u64::try_from(facts).map_err(broken)
}
