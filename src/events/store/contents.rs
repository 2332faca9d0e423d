//! What mails said, beside the log: found by its digest, counted by the mails that share it, and forgotten.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgConnection;

use super::EventStore;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{TenantId, Timestamp};

/// The last use of contents is written down once an hour at most: a row that changes with every mail of a
/// campaign would be a new row each time.
const COARSE: Duration = Duration::from_secs(3_600);

/// So many rows in one statement: it must end long before the time limit of statements.
const PIECE: i64 = 5_000;

impl EventStore {
    /// The sealed contents that a fact refers to; none once they are forgotten.
    pub async fn content(&self, tenant: TenantId, digest: &str) -> sqlx::Result<Option<Vec<u8>>> {
        Ok(self.contents(&[(tenant, digest)]).await?.into_values().next())
    }

    /// The sealed contents that facts refer to; those that are forgotten are not among them.
    pub async fn contents(
        &self,
        wanted: &[(TenantId, &str)],
    ) -> sqlx::Result<HashMap<(TenantId, String), Vec<u8>>> {
        let tenants: Vec<String> = wanted.iter().map(|(tenant, _)| tenant.to_string()).collect();
        let digests: Vec<&str> = wanted.iter().map(|(_, digest)| *digest).collect();
        let rows = sqlx::query!(
            "select c.tenant_id, c.digest, c.sealed
             from unnest($1::varchar[], $2::varchar[]) as w(tenant_id, digest)
             join email_contents c on c.tenant_id = w.tenant_id and c.digest = w.digest",
            &tenants,
            &digests as &[&str],
        )
        .fetch_all(&self.pool)
        .await?;
        let kept = rows
            .into_iter()
            .filter_map(|row| Some(((row.tenant_id.parse().ok()?, row.digest), row.sealed)));
        Ok(kept.collect())
    }

    /// Counts which mails share contents that the first version kept, and did not count.
    ///
    /// The row is locked first, so that whoever accepts another mail with it comes after us.
    pub async fn count_uses(&self, tenant: TenantId, digest: &str) -> sqlx::Result<()> {
        let mut db = self.pool.begin().await?;
        let uncounted = sqlx::query_scalar!(
            "select digest from email_contents
             where tenant_id = $1 and digest = $2 and uses is null for update",
            tenant.to_string(),
            digest,
        );
        if uncounted.fetch_optional(&mut *db).await?.is_none() {
            return Ok(());
        }
        sqlx::query!(
            "update email_contents set uses = (
                 select count(*) filter (where e.type = 'email.accepted')
                      - count(*) filter (where e.type = 'email.content_removed')
                 from events e
                 where e.tenant_id = $1
                   and (e.type = 'email.accepted' and e.payload->'content'->>'digest' = $2
                        or e.type = 'email.content_removed' and e.payload->>'digest' = $2))
             where tenant_id = $1 and digest = $2",
            tenant.to_string(),
            digest,
        )
        .execute(&mut *db)
        .await?;
        db.commit().await
    }

    /// Forgets what no mail accepted since that moment says, some thousands at a time; says how many.
    /// What still waits for its delivery is kept.
    pub async fn forget_contents(&self, before: Timestamp) -> sqlx::Result<u64> {
        let done = sqlx::query!(
            // The moment is looked at twice: a mail may be accepted while we wait for the row.
            "delete from email_contents where (tenant_id, digest) in (
                 select c.tenant_id, c.digest from email_contents c
                 where c.last_used_at <= $1
                   and not exists (
                       select 1 from send_queue q
                       join events e on e.stream_id = q.email_id and e.version = 1
                       where q.tenant_id = c.tenant_id
                         and e.payload->'content'->>'digest' = c.digest)
                 limit $2)
             and last_used_at <= $1",
            before.minus(COARSE).as_datetime(),
            PIECE,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Forgets all that a tenant's mails said.
    pub(super) async fn forget_contents_of(&self, tenant: TenantId) -> sqlx::Result<()> {
        loop {
            let done = sqlx::query!(
                "delete from email_contents where tenant_id = $1 and digest in (
                     select digest from email_contents where tenant_id = $1 limit $2)",
                tenant.to_string(),
                PIECE,
            )
            .execute(&self.pool)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(());
            }
        }
    }
}

/// True for a fact by which a mail gives its contents up.
pub(super) fn gives_up(fact: &Fact) -> bool {
    matches!(fact, Fact::Email(_, _, EmailEvent::ContentRemoved { .. }))
}

/// In the turn in which mails give their contents up: whoever gives them up last deletes them.
pub(super) async fn release(db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
    let mut given_up: HashMap<(TenantId, &str), i32> = HashMap::new();
    for recorded in facts {
        if let Fact::Email(tenant, _, EmailEvent::ContentRemoved { digest }) = &recorded.fact {
            *given_up.entry((*tenant, digest)).or_default() += 1;
        }
    }
    if given_up.is_empty() {
        return Ok(());
    }
    let tenants: Vec<String> = given_up.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let digests: Vec<String> = given_up.keys().map(|(_, digest)| (*digest).to_owned()).collect();
    let uses: Vec<i32> = given_up.into_values().collect();
    sqlx::query!(
        "with given_up as materialized (
             select c.tenant_id, c.digest, c.uses - g.uses as left_over
             from unnest($1::varchar[], $2::varchar[], $3::int[]) as g(tenant_id, digest, uses)
             join email_contents c on c.tenant_id = g.tenant_id and c.digest = g.digest
         ), gone as (
             delete from email_contents c using given_up g
             where c.tenant_id = g.tenant_id and c.digest = g.digest and g.left_over <= 0
         )
         update email_contents c set uses = g.left_over from given_up g
         where c.tenant_id = g.tenant_id and c.digest = g.digest and g.left_over > 0",
        &tenants,
        &digests,
        &uses,
    )
    .execute(db)
    .await?;
    Ok(())
}
