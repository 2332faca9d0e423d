//! An email as its sender sees it, folded from its facts: in a table or in an answer, it is the same.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::events::{EmailEvent, Fact, Recorded};
use crate::values::{Address, Mailbox, RecipientKind, Timestamp};

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
    /// `queued`, `sending`, `delivered`, `bounced`, `failed` or `cancelled`.
    pub status: String,
    /// `high`, `normal` or `low`.
    pub priority: String,
    /// The caller's labels.
    pub tags: Vec<String>,
    /// The caller's own data.
    pub metadata: Value,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Not before this moment.
    pub scheduled_at: Option<DateTime<Utc>>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When something last happened to it.
    pub updated_at: DateTime<Utc>,
    /// Where its first fact stands in the log.
    pub position: i64,
    /// Everybody, with what came of it.
    pub recipients: Vec<RecipientRow>,
}

/// A recipient, and what came of the email for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientRow {
    /// Where it goes.
    pub address: String,
    /// `to`, `cc` or `bcc`.
    pub kind: String,
    /// The name that was given.
    pub name: Option<String>,
    /// `queued`, `delivered`, `bounced`, `failed` or `cancelled`.
    pub status: String,
    /// The SMTP reply code, if there was one.
    pub code: Option<i32>,
    /// What the relay answered.
    pub message: Option<String>,
    /// When it became so.
    pub updated_at: DateTime<Utc>,
}

impl EmailRow {
    /// The email at its beginning; none for any other fact.
    pub fn begin(recorded: &Recorded) -> Option<Self> {
        let Fact::Email(tenant, id, EmailEvent::Accepted(accepted)) = &recorded.fact else {
            return None;
        };
        let at = recorded.at.as_datetime();
        Some(Self {
            id: id.to_string(),
            tenant_id: tenant.to_string(),
            sender: accepted.from.to_string(),
            sender_address: accepted.from.address.to_string(),
            subject: accepted.subject.to_string(),
            status: "queued".to_owned(),
            priority: accepted.priority.to_string(),
            tags: accepted.tags.as_slice().to_vec(),
            metadata: json!(accepted.metadata),
            reply_to: accepted.reply_to.as_ref().map(ToString::to_string),
            attempts: 0,
            next_attempt_at: None,
            last_error: None,
            scheduled_at: accepted.scheduled_at.map(Timestamp::as_datetime),
            created_at: at,
            updated_at: at,
            position: recorded.position,
            recipients: accepted.recipients.all().map(|(k, m)| waiting(k, m, at)).collect(),
        })
    }

    /// The email after one more fact.
    pub fn live(&mut self, event: &EmailEvent, at: Timestamp) {
        let at = at.as_datetime();
        self.updated_at = at;
        match event {
            EmailEvent::Accepted(_) => {}
            EmailEvent::DeliveryStarted { attempt, .. } => {
                self.turn("sending");
                self.attempts = i32::try_from(*attempt).unwrap_or(i32::MAX);
                self.next_attempt_at = None;
            }
            EmailEvent::DeliveryInterrupted { .. } => self.turn("queued"),
            EmailEvent::RecipientDelivered { recipient, response } => {
                self.settle(recipient, "delivered", (Some(250), response), at);
            }
            EmailEvent::RecipientBounced { recipient, code, message } => {
                self.settle(recipient, "bounced", (Some(*code), message), at);
                self.last_error = Some(message.clone());
            }
            EmailEvent::RecipientFailed { recipient, message } => {
                self.settle(recipient, "failed", (None, message), at);
                self.last_error = Some(message.clone());
            }
            EmailEvent::RecipientDeferred { recipient, code, message, .. } => {
                self.settle(recipient, "queued", (*code, message), at);
                self.last_error = Some(message.clone());
            }
            EmailEvent::DeliveryRescheduled { next_attempt_at, reason } => {
                self.turn("queued");
                self.next_attempt_at = Some(next_attempt_at.as_datetime());
                self.last_error = Some(reason.clone());
            }
            EmailEvent::Cancelled { recipients, .. } => {
                for recipient in recipients {
                    self.settle(recipient, "cancelled", (None, "withdrawn before it left"), at);
                }
            }
        }
    }

    fn settle(
        &mut self,
        recipient: &Address,
        status: &'static str,
        (code, message): (Option<u16>, &str),
        at: DateTime<Utc>,
    ) {
        let address = recipient.to_string();
        for row in self.recipients.iter_mut().filter(|row| row.address == address) {
            status.clone_into(&mut row.status);
            row.code = code.map(i32::from);
            row.message = Some(message.to_owned());
            row.updated_at = at;
        }
        if let Some(end) = self.end() {
            self.turn(end);
            self.next_attempt_at = None;
        }
    }

    fn turn(&mut self, status: &str) {
        status.clone_into(&mut self.status);
    }

    /// What the email came to, once everybody has an outcome: the worst of them.
    fn end(&self) -> Option<&'static str> {
        let any = |status: &str| self.recipients.iter().any(|row| row.status == status);
        if any("queued") {
            return None;
        }
        let worst_first = ["failed", "bounced", "cancelled", "delivered"];
        worst_first.into_iter().find(|status| any(status))
    }
}

fn waiting(kind: RecipientKind, mailbox: &Mailbox, at: DateTime<Utc>) -> RecipientRow {
    RecipientRow {
        address: mailbox.address.to_string(),
        kind: kind.to_string(),
        name: mailbox.name.clone(),
        status: "queued".to_owned(),
        code: None,
        message: None,
        updated_at: at,
    }
}
