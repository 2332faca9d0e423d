//! Forgets notices after thirty days, whatever came of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Builder;

use super::projector::NAME;
use crate::projections::cursor;
use crate::values::{EventId, Timestamp};

/// So long after its fact a notice is kept, counted in whole UTC days.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// So many rows in one statement: it must end long before the time limit of statements.
const PIECE: i64 = 5_000;

/// Moves the horizon on, then deletes what lies behind it; says how many. Once the horizon has moved, the
/// facts behind it make no notices any more, so that none comes back as one that is still to be told.
pub async fn prune(pool: &PgPool, now: Timestamp) -> sqlx::Result<u64> {
    let before = now.minus(KEPT).day().begin();
    cursor::forget_before(pool, NAME, before).await?;
    forget(&mut *pool.acquire().await?).await
}

/// Deletes what lies behind the horizon. What somebody is just at is left for the next time: so two that do
/// this at once, and whoever records what came of notices, never wait for each other in turn.
pub(super) async fn forget(db: &mut PgConnection) -> sqlx::Result<u64> {
    let Some(before) = cursor::horizon(db, NAME).await? else { return Ok(0) };
    let (end, mut after, mut forgotten) = (first_id(before), String::new(), 0);
    loop {
        // Ids begin with the time of their fact, so the primary key finds the oldest.
        let gone = sqlx::query!(
            r#"with gone as (
                 delete from webhook_deliveries where id = any(array(
                     select id from webhook_deliveries
                     where id > $1 and id < $2 and created_at < $3
                     order by id limit $4 for update skip locked))
                 returning id)
               select count(*) as "count!", max(id) as last from gone"#,
            after,
            end,
            before,
            PIECE,
        )
        .fetch_one(&mut *db)
        .await?;
        forgotten += u64::try_from(gone.count).unwrap_or(0);
        match gone.last {
            Some(last) if gone.count >= PIECE => after = last,
            Some(_) | None => return Ok(forgotten),
        }
    }
}

/// No notice of a fact since this moment has a lesser id.
fn first_id(moment: DateTime<Utc>) -> String {
    let millis = u64::try_from(moment.timestamp_millis()).unwrap_or(0);
    let uuid = Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
    EventId::from_uuid(uuid).to_string()
}
