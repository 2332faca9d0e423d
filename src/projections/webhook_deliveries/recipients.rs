//! Who has no outcome yet when an email is about to be handed over: that fact does not say so itself.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::PgConnection;

use crate::values::{RecipientKey, Roll};

/// Emails' recipients, with where in the log each got its outcome.
#[derive(Debug, Default)]
pub(super) struct Recipients(HashMap<String, Email>);

#[derive(Debug, Default)]
struct Email {
    all: Vec<RecipientKey>,
    ended: Vec<(i64, RecipientKey)>,
}

#[derive(Deserialize)]
struct Accepted {
    recipients: Roll,
}

#[derive(Deserialize)]
struct Ended {
    recipient: RecipientKey,
}

impl Recipients {
    /// Of these emails, up to a position. What is read is not personal, so nothing has to be opened. Payloads
    /// of the first version are left out: of those mails it was not told yet that they were sent.
    pub(super) async fn load(
        db: &mut PgConnection,
        emails: &[String],
        until: i64,
    ) -> sqlx::Result<Self> {
        if emails.is_empty() {
            return Ok(Self::default());
        }
        let rows = sqlx::query!(
            r#"select stream_id, position, type as name, payload::text as "payload!" from events
               where stream_id = any($1) and position <= $2 and schema > 1
                 and type in ('email.accepted', 'email.recipient_delivered',
                              'email.recipient_bounced', 'email.recipient_failed',
                              'email.recipient_suppressed')
               order by stream_id, version"#,
            emails,
            until,
        )
        .fetch_all(db)
        .await?;
        let mut all: HashMap<String, Email> = HashMap::new();
        for row in rows {
            let email = all.entry(row.stream_id).or_default();
            if row.name == "email.accepted" {
                let accepted: Option<Accepted> = serde_json::from_str(&row.payload).ok();
                let roll = accepted.map(|accepted| accepted.recipients);
                email.all.extend(roll.iter().flat_map(Roll::all).map(|(_, key)| key));
            } else if let Ok(ended) = serde_json::from_str::<Ended>(&row.payload) {
                email.ended.push((row.position, ended.recipient));
            }
        }
        Ok(Self(all))
    }

    /// Who had no outcome yet at a position.
    pub(super) fn open(&self, email: &str, at: i64) -> Vec<RecipientKey> {
        let Some(email) = self.0.get(email) else { return Vec::new() };
        let had = |key: &RecipientKey| {
            email.ended.iter().any(|(position, ended)| *position < at && ended == key)
        };
        email.all.iter().filter(|key| !had(key)).cloned().collect()
    }
}
