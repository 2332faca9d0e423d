//! Which facts make a row: where they stand in the log.

use serde_json::{Map, Value};
use sqlx::PgConnection;

use crate::projections::table::Origin;

/// The first of them, up to a position.
pub(super) async fn positions(
    db: &mut PgConnection,
    origin: Origin,
    row: &Map<String, Value>,
    until: i64,
) -> sqlx::Result<Vec<i64>> {
    let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
    match origin {
        Origin::Stream(column) => of_stream(db, text(column), until).await,
        Origin::Position(column) => {
            Ok(row.get(column).and_then(Value::as_i64).into_iter().collect())
        }
        Origin::Day { tenant, day } => of_day(db, text(tenant), text(day), until).await,
        Origin::Log => Ok(Vec::new()),
    }
}

async fn of_stream(db: &mut PgConnection, stream: &str, until: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select position from events where stream_id = $1 and position <= $2
         order by position limit 20",
        stream,
        until,
    )
    .fetch_all(db)
    .await
}

async fn of_day(
    db: &mut PgConnection,
    tenant: &str,
    day: &str,
    until: i64,
) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select position from events
         where tenant_id = $1 and position <= $3
           and (type like 'email.%' or type like 'usage.%')
           and (recorded_at at time zone 'UTC')::date = $2::text::date
         order by position limit 20",
        tenant,
        day,
        until,
    )
    .fetch_all(db)
    .await
}
