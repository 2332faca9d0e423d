//! A row of the log -> a fact with its place.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::events::codec::{self, CodecError};
use crate::events::{Metadata, Recorded};
use crate::values::EventId;

/// A row as Postgres gives it.
pub(super) struct Row {
    pub(super) position: i64,
    pub(super) tenant_id: Option<String>,
    pub(super) stream_id: String,
    pub(super) version: i64,
    pub(super) event_id: Uuid,
    pub(super) name: String,
    pub(super) schema: i16,
    pub(super) payload: String,
    pub(super) metadata: String,
    pub(super) recorded_at: DateTime<Utc>,
}

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Postgres did not answer.
    #[error("the log cannot be read")]
    Database(#[from] sqlx::Error),
    /// One fact in it is not understood.
    #[error("the fact at position {position} is not understood")]
    Fact {
        /// Where it stands.
        position: i64,
        /// Why not.
        #[source]
        source: CodecError,
    },
}

impl From<ReadError> for sqlx::Error {
    /// For callers to whom it is all one that the database does not give what they ask.
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Database(error) => error,
            fact @ ReadError::Fact { .. } => Self::Decode(fact.into()),
        }
    }
}

impl Row {
    pub(super) fn recorded(self) -> Result<Recorded, ReadError> {
        let position = self.position;
        self.understood().map_err(|source| ReadError::Fact { position, source })
    }

    fn understood(self) -> Result<Recorded, CodecError> {
        let tenant = match self.tenant_id.as_deref().map(str::parse) {
            None => None,
            Some(Ok(tenant)) => Some(tenant),
            Some(Err(_)) => {
                return Err(CodecError::Misplaced { name: self.name, stream: self.stream_id });
            }
        };
        let fact = codec::decode(tenant, &self.stream_id, &self.name, self.schema, &self.payload)?;
        let metadata: Metadata = serde_json::from_str(&self.metadata)
            .map_err(|source| CodecError::Broken { name: self.name, source })?;
        Ok(Recorded {
            position: self.position,
            version: self.version,
            id: EventId::from_uuid(self.event_id),
            at: self.recorded_at.into(),
            metadata,
            fact,
        })
    }
}
