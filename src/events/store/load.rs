//! One stream's past. A stream carries its tenant: somebody else's stream is an empty one.

use std::collections::HashMap;

use super::EventStore;
use super::rows::{ReadError, Row, owners};
use crate::events::{Recorded, Stream};

/// What is found in one of many streams.
type Loaded = Result<Vec<Recorded>, ReadError>;

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
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events
               where stream_id = $1 and tenant_id is not distinct from $2 and version > $3
               order by version"#,
            stream.id(),
            owner(stream),
            version,
        )
        .fetch_all(&self.pool)
        .await?;
        let keys = self.vault.keys(&self.pool, owners(&rows)).await?;
        rows.into_iter().map(|row| row.recorded(&keys)).collect()
    }

    /// The facts of each of these streams, the oldest first, by the stream's name; an empty stream is
    /// not named. One that is not understood fails alone.
    pub async fn load_all(&self, streams: &[Stream]) -> sqlx::Result<HashMap<String, Loaded>> {
        let ids: Vec<&str> = streams.iter().map(Stream::id).collect();
        let asked: HashMap<&str, Option<String>> =
            streams.iter().map(|stream| (stream.id(), owner(stream))).collect();
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events where stream_id = any($1) order by stream_id, version"#,
            &ids as &[&str],
        )
        .fetch_all(&self.pool)
        .await?;
        // Joined to its owner in SQL, the whole log might be read: Postgres cannot know how few are asked for.
        let own = |row: &Row| asked.get(row.stream_id.as_str()) == Some(&row.tenant_id);
        let rows: Vec<Row> = rows.into_iter().filter(own).collect();
        let keys = self.vault.keys(&self.pool, owners(&rows)).await?;
        let mut loaded: HashMap<String, Loaded> = HashMap::new();
        for row in rows {
            let facts = loaded.entry(row.stream_id.clone()).or_insert_with(|| Ok(Vec::new()));
            if let Ok(known) = facts {
                match row.recorded(&keys) {
                    Ok(recorded) => known.push(recorded),
                    Err(error) => *facts = Err(error),
                }
            }
        }
        Ok(loaded)
    }
}

fn owner(stream: &Stream) -> Option<String> {
    stream.owner().map(|tenant| tenant.to_string())
}
