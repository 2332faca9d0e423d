//! Taking what is due, fairly between tenants, under a lease that runs out.

use sqlx::PgPool;
use uuid::Uuid;

use crate::values::Timestamp;

/// An email that is ours until the lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Whose.
    pub tenant_id: String,
    /// Which.
    pub email_id: String,
    /// How often it has been claimed, this time included.
    pub fence: i32,
}

/// What a worker wants of the queue.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Under which lease.
    pub lease: Uuid,
    /// The present moment.
    pub now: Timestamp,
    /// When the lease runs out.
    pub until: Timestamp,
    /// The round goes on after this tenant.
    pub after: &'a str,
    /// These have as much as they may have of this worker.
    pub sated: &'a [String],
    /// Not these: the worker still has them, even if their leases have run out meanwhile.
    pub flying: &'a [String],
    /// At most so many of one tenant.
    pub per_tenant: i64,
    /// At most so many in all.
    pub most: i64,
}

/// A claim asks the index for a few rows in its order. Postgres, which cannot know how few and how quickly
/// the queue grows, would rather read and sort all of it: the more waits, the slower.
///
/// It does not wait for the disk: it is there before `DeliveryStarted` is, which comes after it in Postgres'
/// journal, and before that nothing leaves.
const CLAIM: &str = "begin; \
    set local synchronous_commit = off; \
    set local jit = off; \
    set local enable_seqscan = off; \
    set local enable_bitmapscan = off; \
    set local enable_sort = off; \
    set local enable_hashjoin = off; \
    set local enable_mergejoin = off";

/// Takes what is due, tenant by tenant in the order of their ids, once around from where the last round
/// ended.
///
/// The tenants are found by hopping over the index, one step a tenant however much mail each has. Each
/// is looked up on its own (`offset 0`): joined at large, they came in the order of their table, and
/// whoever stood first there was served first in every round.
pub async fn claim(pool: &PgPool, wanted: &Wanted<'_>) -> sqlx::Result<Vec<Claimed>> {
    let mut db = pool.begin_with(CLAIM).await?;
    let claimed = sqlx::query_file_as!(
        Claimed,
        "src/projections/send_queue/claim.sql",
        wanted.lease,
        wanted.now.as_datetime(),
        wanted.until.as_datetime(),
        wanted.after,
        wanted.sated,
        wanted.per_tenant,
        wanted.most,
        wanted.flying,
    )
    .fetch_all(&mut *db)
    .await?;
    db.commit().await?;
    Ok(claimed)
}

/// Extends the leases of what is still being delivered; answers with the emails that are still ours.
pub async fn extend(
    pool: &PgPool,
    emails: &[String],
    leases: &[Uuid],
    until: Timestamp,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "with ours as materialized (
             select q.email_id
             from unnest($1::varchar[], $2::uuid[]) as o(email_id, lease)
             join send_queue q on q.email_id = o.email_id and q.lease = o.lease
             order by q.email_id for update of q
         )
         update send_queue q set leased_until = $3
         from ours where q.email_id = ours.email_id returning q.email_id",
        emails,
        leases,
        until.as_datetime(),
    )
    .fetch_all(pool)
    .await
}

/// Gives back what was taken and not brought to an end.
pub async fn give_back(pool: &PgPool, emails: &[String], leases: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "with ours as materialized (
             select q.email_id
             from unnest($1::varchar[], $2::uuid[]) as o(email_id, lease)
             join send_queue q on q.email_id = o.email_id and q.lease = o.lease
             order by q.email_id for update of q
         )
         update send_queue q set lease = null, leased_until = null
         from ours where q.email_id = ours.email_id",
        emails,
        leases,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How many emails wait or are on their way.
pub async fn depth(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "depth!" from send_queue"#).fetch_one(pool).await
}
