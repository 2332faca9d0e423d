//! Stream by stream, as Postgres sorts them: whole, in the order of the log, of one tenant; and no id twice.

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, PgPool};

use crate::values::{Finding, TenantId, Verdict};

/// Sorting millions of facts takes longer than other questions may.
const UNHURRIED: &str = "begin read only; set local statement_timeout = 0";

pub(super) async fn check(pool: &PgPool, tenant: Option<TenantId>) -> sqlx::Result<Verdict> {
    let mut db = pool.begin_with(UNHURRIED).await?;
    let mut verdict = Verdict::on("log.streams");
    verdict.looked_at = sqlx::query_scalar!(
        r#"select count(*) as "streams!" from events
           where version = 1 and ($1::varchar is null or tenant_id = $1)"#,
        tenant.map(|tenant| tenant.to_string()),
    )
    .fetch_one(&mut *db)
    .await?;
    broken(&mut db, tenant, &mut verdict).await?;
    db.commit().await?;
    Ok(verdict)
}

/// A tenant's streams are found by their first names in the log, so that a fact which was moved to another
/// tenant is found whichever of them is asked for.
async fn broken(
    db: &mut PgConnection,
    tenant: Option<TenantId>,
    verdict: &mut Verdict,
) -> sqlx::Result<()> {
    let mut rows = sqlx::query!(
        r#"select f.position, f.stream_id, f.version, f.expected as "expected!",
                  f.before as "before?", f.tenant_id is distinct from f.owner as "moved!"
           from (
               select e.position, e.stream_id, e.version, e.tenant_id,
                      row_number() over stream as expected,
                      lag(e.position) over stream as before,
                      first_value(e.tenant_id) over stream as owner
               from events e
               where $1::varchar is null
                  or e.stream_id in (select stream_id from events where tenant_id = $1)
               window stream as (partition by e.stream_id order by e.version)
           ) f
           where f.version <> f.expected or f.before > f.position
              or f.tenant_id is distinct from f.owner"#,
        tenant.map(|tenant| tenant.to_string()),
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let (position, stream) = (row.position, row.stream_id);
        if row.version != row.expected {
            let message = format!(
                "the fact at position {position} is number {} of the stream {stream}, where number {} \
                 is expected",
                row.version, row.expected
            );
            verdict.find(Finding::new(message, vec![position]));
        }
        if let Some(before) = row.before.filter(|before| *before > position) {
            let message = format!(
                "the fact at position {position} of the stream {stream} stands before the one that it \
                 follows, which is at {before}"
            );
            verdict.find(Finding::new(message, vec![position, before]));
        }
        if row.moved {
            let message = format!(
                "the fact at position {position} is of another tenant than the stream {stream} that it \
                 stands in"
            );
            verdict.find(Finding::new(message, vec![position]));
        }
    }
    Ok(())
}

pub(super) async fn ids(pool: &PgPool, tenant: Option<TenantId>) -> sqlx::Result<Verdict> {
    let mut db = pool.begin_with(UNHURRIED).await?;
    let tenant = tenant.map(|tenant| tenant.to_string());
    let mut verdict = Verdict::on("log.ids");
    verdict.looked_at = sqlx::query_scalar!(
        r#"select count(*) as "facts!" from events where $1::varchar is null or tenant_id = $1"#,
        tenant,
    )
    .fetch_one(&mut *db)
    .await?;
    let twice = sqlx::query!(
        r#"select event_id, array_agg(position order by position) as "positions!" from events
           group by event_id
           having count(*) > 1 and ($1::varchar is null or bool_or(tenant_id = $1))
           order by 2 limit 1000"#,
        tenant,
    )
    .fetch_all(&mut *db)
    .await?;
    for row in twice {
        let message = format!("several facts have the id {}", row.event_id);
        verdict.find(Finding::new(message, row.positions));
    }
    db.commit().await?;
    Ok(verdict)
}
