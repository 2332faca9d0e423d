//! Facts exactly as they are stored, for whoever hashes them: nothing is decoded.

use sqlx::PgExecutor;

use super::EventStore;
use super::rows::Row;

impl EventStore {
    /// The facts after one position and up to another, the oldest first. Where the log was tampered
    /// with, some may be missing.
    pub async fn stored_on(
        db: impl PgExecutor<'_>,
        (after, last): (i64, i64),
        limit: i64,
    ) -> sqlx::Result<Vec<Row>> {
        sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events where position > $1 and position <= $2 order by position limit $3"#,
            after,
            last,
            limit,
        )
        .fetch_all(db)
        .await
    }

    /// The same of one tenant's facts.
    pub async fn stored_of(
        db: impl PgExecutor<'_>,
        tenant: &str,
        (after, last): (i64, i64),
        limit: i64,
    ) -> sqlx::Result<Vec<Row>> {
        sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events where tenant_id = $1 and position > $2 and position <= $3
               order by position limit $4"#,
            tenant,
            after,
            last,
            limit,
        )
        .fetch_all(db)
        .await
    }
}
