//! One tenant's facts in order, by what an auditor looks for: as fast deep in the log as at its beginning.

use chrono::{DateTime, Utc};

use super::EventStore;
use super::rows::{ReadError, Row, owners};
use crate::events::Recorded;
use crate::events::codec::WIRE_NAMES;
use crate::values::{TenantId, Timestamp};

/// Which facts are wanted; what is absent does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub tenant: TenantId,
    /// Of these wire names.
    pub types: Option<Vec<&'static str>>,
    /// Of this stream.
    pub stream: Option<String>,
    /// Recorded at or after this moment.
    pub since: Option<Timestamp>,
    /// Recorded before this moment.
    pub until: Option<Timestamp>,
    /// Not beyond this position, so that it ends while facts come in.
    pub up_to: Option<i64>,
}

/// A filter as Postgres takes it.
struct Bounds {
    tenant: String,
    after: i64,
    up_to: i64,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    limit: i64,
}

impl Wanted {
    /// All that happened to a tenant.
    pub fn of(tenant: TenantId) -> Self {
        Self { tenant, types: None, stream: None, since: None, until: None, up_to: None }
    }
}

impl EventStore {
    /// The next facts after a position. Each way to ask has an index that holds them in order, so a page
    /// costs what stands on it.
    pub async fn history(
        &self,
        wanted: &Wanted,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, ReadError> {
        let bounds = Bounds {
            tenant: wanted.tenant.to_string(),
            after,
            up_to: wanted.up_to.unwrap_or(i64::MAX),
            since: wanted.since.map(Timestamp::as_datetime),
            until: wanted.until.map(Timestamp::as_datetime),
            limit,
        };
        let timed = wanted.since.is_some() || wanted.until.is_some();
        let rows = match (&wanted.stream, &wanted.types) {
            (Some(stream), types) => self.of_stream(&bounds, stream, types.as_deref()).await?,
            (None, Some(types)) => self.of_types(&bounds, types).await?,
            // The index by types knows the times, too: what is left out is not looked at.
            (None, None) if timed => self.of_types(&bounds, &every_type()).await?,
            (None, None) => self.of_tenant(&bounds).await?,
        };
        let keys = self.vault.keys(&self.pool, owners(&rows)).await?;
        rows.into_iter().map(|row| row.recorded(&keys)).collect()
    }

    async fn of_tenant(&self, bounds: &Bounds) -> sqlx::Result<Vec<Row>> {
        sqlx::query_file_as!(
            Row,
            "src/events/store/history_of_tenant.sql",
            bounds.tenant,
            bounds.after,
            bounds.up_to,
            bounds.limit,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn of_types(&self, bounds: &Bounds, types: &[&str]) -> sqlx::Result<Vec<Row>> {
        sqlx::query_file_as!(
            Row,
            "src/events/store/history_of_types.sql",
            bounds.tenant,
            types as &[&str],
            bounds.after,
            bounds.up_to,
            bounds.since,
            bounds.until,
            bounds.limit,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn of_stream(
        &self,
        bounds: &Bounds,
        stream: &str,
        types: Option<&[&str]>,
    ) -> sqlx::Result<Vec<Row>> {
        sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events
               where stream_id = $1 and tenant_id = $2 and position > $3 and position <= $4
                 and ($5::varchar[] is null or type = any($5))
                 and ($6::timestamptz is null or recorded_at >= $6)
                 and ($7::timestamptz is null or recorded_at < $7)
               order by version limit $8"#,
            stream,
            bounds.tenant,
            bounds.after,
            bounds.up_to,
            types as Option<&[&str]>,
            bounds.since,
            bounds.until,
            bounds.limit,
        )
        .fetch_all(&self.pool)
        .await
    }
}

fn every_type() -> Vec<&'static str> {
    WIRE_NAMES.iter().map(|(name, _)| *name).collect()
}
