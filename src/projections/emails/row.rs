//! An email as its sender sees it, folded from its facts: in a table or in an answer, it is the same.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::progress::Progress;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{ERASED, Timestamp};

/// An email as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailRow {
    /// Its id.
    pub id: String,
    /// Whose.
    pub tenant_id: String,
    /// Who sent it, with the name.
    pub sender: String,
    /// Who sent it, without.
    pub sender_address: String,
    /// Its subject.
    pub subject: String,
    /// `high`, `normal` or `low`.
    pub priority: String,
    /// The caller's labels.
    pub tags: Vec<String>,
    /// The caller's own data.
    pub metadata: Value,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Not before this moment.
    pub scheduled_at: Option<DateTime<Utc>>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// Where its first fact stands in the log.
    pub position: i64,
    /// What became of it.
    pub progress: Progress,
}

impl EmailRow {
    /// The email at its beginning; none for any other fact.
    pub fn begin(recorded: &Recorded) -> Option<Self> {
        let Fact::Email(tenant, id, EmailEvent::Accepted(accepted)) = &recorded.fact else {
            return None;
        };
        let at = recorded.at.as_datetime();
        let known = accepted.personal.known();
        let erased = || ERASED.to_owned();
        Some(Self {
            id: id.to_string(),
            tenant_id: tenant.to_string(),
            sender: known.map_or_else(erased, |known| known.from.to_string()),
            sender_address: known.map_or_else(erased, |known| known.from.address.to_string()),
            subject: known.map_or_else(erased, |known| known.subject.to_string()),
            priority: accepted.priority.to_string(),
            tags: known.map_or_else(Vec::new, |known| known.tags.as_slice().to_vec()),
            metadata: known.map_or_else(|| json!({}), |known| json!(known.metadata)),
            reply_to: known.and_then(|known| Some(known.reply_to.as_ref()?.to_string())),
            scheduled_at: accepted.scheduled_at.map(Timestamp::as_datetime),
            created_at: at,
            position: recorded.position,
            progress: Progress::begin(accepted, at),
        })
    }
}
