//! Since when nothing arrives at a webhook: what those saw who told it, and no fact.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::values::Timestamp;

/// A webhook at which nothing has arrived for a long time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Its id.
    pub id: String,
    /// Whose.
    pub tenant_id: String,
    /// When the first of those notices failed.
    pub since: DateTime<Utc>,
}

/// Notes at which webhooks something arrived and at which not, and says where nothing has arrived since
/// before a moment.
pub async fn note(
    pool: &PgPool,
    (arrived, failed): (&[String], &[String]),
    now: Timestamp,
    long_ago: Timestamp,
) -> sqlx::Result<Vec<Failing>> {
    // Rows are locked in one order by all who lock several: else two could wait for each other.
    sqlx::query!(
        "with seen as materialized (
             select id from webhooks
             where id = any($1) and failing_since is not null
                or id = any($2) and failing_since is null
             order by id for update
         )
         update webhooks w set failing_since = case when w.id = any($2) then $3::timestamptz end
         from seen where w.id = seen.id",
        arrived,
        failed,
        now.as_datetime(),
    )
    .execute(pool)
    .await?;
    if failed.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Failing,
        r#"select id, tenant_id, failing_since as "since!" from webhooks
           where id = any($1) and active and failing_since <= $2"#,
        failed,
        long_ago.as_datetime(),
    )
    .fetch_all(pool)
    .await
}
