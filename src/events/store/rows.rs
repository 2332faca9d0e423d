//! A row of the log -> a fact with its place.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sealing;
use super::vault::Keys;
use crate::events::codec::{self, CodecError};
use crate::events::{Fact, Metadata, Recorded};
use crate::values::{EventId, TenantId};

/// A fact exactly as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place in the log.
    pub position: i64,
    /// Whose; none for the operator's own.
    pub tenant_id: Option<String>,
    /// The stream that it continues.
    pub stream_id: String,
    /// Its place in the stream.
    pub version: i64,
    /// Its own number.
    pub event_id: Uuid,
    /// The wire name of what happened.
    pub name: String,
    /// The version of the payload.
    pub schema: i16,
    /// The stored text, byte for byte.
    pub payload: String,
    /// The stored text, byte for byte.
    pub metadata: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
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
    pub(super) fn recorded(self, keys: &Keys) -> Result<Recorded, ReadError> {
        let position = self.position;
        self.understood(keys).map_err(|source| ReadError::Fact { position, source })
    }

    fn understood(self, keys: &Keys) -> Result<Recorded, CodecError> {
        let Ok(tenant) = self.tenant_id.as_deref().map(str::parse::<TenantId>).transpose() else {
            return Err(CodecError::Misplaced { name: self.name, stream: self.stream_id });
        };
        let fact = self.opened(tenant, keys)?;
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

    fn opened(&self, tenant: Option<TenantId>, keys: &Keys) -> Result<Fact, CodecError> {
        let id = EventId::from_uuid(self.event_id);
        let decode =
            |payload| codec::decode(tenant, &self.stream_id, &self.name, self.schema, payload);
        let Some(owner) = tenant else { return decode(&self.payload) };
        let context = sealing::context(owner, id);
        let payload = sealing::opened(&self.payload, keys.usable(owner), &context)
            .map_err(|_| CodecError::Sealed { name: self.name.clone() })?;
        // Only a key that was destroyed makes it read as erased. One that is gone without that is a fault.
        if matches!(payload, Cow::Owned(_)) && keys.is_unmade(owner) {
            return Err(CodecError::Sealed { name: self.name.clone() });
        }
        let mut fact = decode(&payload)?;
        if keys.is_destroyed(owner) {
            erase(&mut fact);
        }
        Ok(fact)
    }
}

fn erase(fact: &mut Fact) {
    match fact {
        Fact::Email(.., event) => event.erase(),
        Fact::Suppression(.., event) => event.erase(),
        Fact::Tenant(..)
        | Fact::ApiKey(..)
        | Fact::Usage(..)
        | Fact::Domain(..)
        | Fact::Template(..)
        | Fact::Webhook(..) => {}
    }
}

/// The tenants whose keys are needed to read these rows. Only mail, and to whom none goes, is personal.
pub(super) fn owners(rows: &[Row]) -> HashSet<TenantId> {
    let personal = |row: &&Row| ["email.", "suppression."].iter().any(|n| row.name.starts_with(n));
    let mail = rows.iter().filter(personal);
    let owners: HashSet<&str> = mail.filter_map(|row| row.tenant_id.as_deref()).collect();
    // An id that is none is complained of when its row is read.
    owners.into_iter().filter_map(|owner| owner.parse().ok()).collect()
}
