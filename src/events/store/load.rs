//! One stream's past. A stream carries its tenant: somebody else's stream is an empty one.

use super::EventStore;
use super::rows::{ReadError, Row};
use crate::events::{Recorded, Stream};
use crate::values::TenantId;

impl EventStore {
    /// All facts of a stream, the oldest first.
    pub async fn load(&self, stream: &Stream) -> Result<Vec<Recorded>, ReadError> {
        self.load_after(stream, 0).await
    }

    /// The facts of a stream after a version, the oldest first.
    pub async fn load_after(
        &self,
        stream: &Stream,
        version: i64,
    ) -> Result<Vec<Recorded>, ReadError> {
        let owner = stream.owner().map(|tenant| tenant.to_string());
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events
               where stream_id = $1 and tenant_id is not distinct from $2 and version > $3
               order by version"#,
            stream.id(),
            owner,
            version,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Row::recorded).collect()
    }

    /// The sealed contents that a fact refers to; none once they are forgotten.
    pub async fn content(
        &self,
        tenant: TenantId,
        digest: &str,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let sealed = sqlx::query_scalar!(
            "select sealed from email_contents where tenant_id = $1 and digest = $2",
            tenant.to_string(),
            digest,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(sealed)
    }
}
