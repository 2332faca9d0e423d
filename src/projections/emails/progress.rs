//! What becomes of an email and of each of its recipients: all of it that can change.

use chrono::{DateTime, Utc};

use crate::events::EmailEvent;
use crate::events::email::{EmailAccepted, Remark, Withdrawn};
use crate::values::{ERASED, Mailbox, Personal, RecipientKey, RecipientKind, Timestamp};

/// How far an email has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `queued`, `sending`, `delivered`, `bounced`, `failed`, `cancelled`, `suppressed` or `complained`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When something last happened to it.
    pub updated_at: DateTime<Utc>,
    /// Everybody, with what came of it.
    pub recipients: Vec<RecipientRow>,
}

/// A recipient, and what came of the email for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientRow {
    /// Where it goes; what is kept instead if that was erased tells erased recipients apart, and is shown
    /// by [`shown`](crate::values::shown).
    pub address: String,
    /// `to`, `cc` or `bcc`.
    pub kind: String,
    /// The name that was given.
    pub name: Option<String>,
    /// `queued`, `delivered`, `bounced`, `failed`, `cancelled`, `suppressed` or `complained`.
    pub status: String,
    /// The SMTP reply code, if there was one.
    pub code: Option<i32>,
    /// What the relay answered.
    pub message: Option<String>,
    /// When it became so.
    pub updated_at: DateTime<Utc>,
}

impl Progress {
    /// Of an email that has just been accepted.
    pub(super) fn begin(accepted: &EmailAccepted, at: DateTime<Utc>) -> Self {
        Self {
            status: "queued".to_owned(),
            attempts: 0,
            next_attempt_at: None,
            last_error: None,
            updated_at: at,
            recipients: accepted.everybody().iter().map(|one| waiting(one, at)).collect(),
        }
    }

    /// False once everybody has an outcome, or it was withdrawn: then little is still to be told.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "sending")
    }

    /// After one more fact.
    pub fn live(&mut self, event: &EmailEvent, at: Timestamp) {
        let at = at.as_datetime();
        self.updated_at = at;
        match event {
            EmailEvent::Accepted(_)
            | EmailEvent::ContentRemoved { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. } => {}
            EmailEvent::DeliveryStarted { attempt, .. } => {
                self.turn("sending");
                self.attempts = i32::try_from(*attempt).unwrap_or(i32::MAX);
                self.next_attempt_at = None;
            }
            EmailEvent::DeliveryInterrupted { .. } => self.turn("queued"),
            EmailEvent::RecipientDelivered { recipient, personal } => {
                self.become_of((recipient, personal), "delivered", Some(250), at);
            }
            EmailEvent::RecipientBounced { recipient, code, personal } => {
                self.become_of((recipient, personal), "bounced", Some(*code), at);
                self.last_error = Some(said(personal).to_owned());
            }
            EmailEvent::RecipientFailed { recipient, personal } => {
                self.become_of((recipient, personal), "failed", None, at);
                self.last_error = Some(said(personal).to_owned());
            }
            EmailEvent::RecipientDeferred { recipient, code, personal, .. } => {
                self.become_of((recipient, personal), "queued", *code, at);
                self.last_error = Some(said(personal).to_owned());
            }
            EmailEvent::DeliveryRescheduled { next_attempt_at, personal } => {
                self.turn("queued");
                self.next_attempt_at = Some(next_attempt_at.as_datetime());
                let reason = personal.known().map_or(ERASED, |trouble| &trouble.reason);
                self.last_error = Some(reason.to_owned());
            }
            EmailEvent::RecipientSuppressed { recipient, personal, .. } => {
                self.become_of((recipient, personal), "suppressed", None, at);
            }
            EmailEvent::BounceReceived { recipient, personal, .. } => {
                self.become_of((recipient, personal), "bounced", None, at);
                self.last_error = Some(said(personal).to_owned());
            }
            EmailEvent::ComplaintReceived { recipient, personal, .. } => {
                self.become_of((recipient, personal), "complained", None, at);
            }
            EmailEvent::Cancelled { recipients, personal, .. } => {
                self.withdraw(recipients, personal, at);
            }
        }
    }

    fn withdraw(
        &mut self,
        recipients: &[RecipientKey],
        personal: &Personal<Withdrawn>,
        at: DateTime<Utc>,
    ) {
        let mut known = personal.known().into_iter().flat_map(|known| &known.recipients);
        for key in recipients {
            let address = key.kept(known.next());
            self.settle(&address, "cancelled", (None, "withdrawn before it left"), at);
        }
    }

    fn become_of(
        &mut self,
        (recipient, personal): (&RecipientKey, &Personal<Remark>),
        status: &'static str,
        code: Option<u16>,
        at: DateTime<Utc>,
    ) {
        self.settle(&kept(recipient, personal), status, (code, said(personal)), at);
    }

    fn settle(
        &mut self,
        address: &str,
        status: &'static str,
        (code, message): (Option<u16>, &str),
        at: DateTime<Utc>,
    ) {
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
        let worst_first =
            ["failed", "bounced", "complained", "suppressed", "cancelled", "delivered"];
        worst_first.into_iter().find(|status| any(status))
    }
}

/// Under which address a recipient is kept.
fn kept(recipient: &RecipientKey, personal: &Personal<Remark>) -> String {
    recipient.kept(personal.known().map(|remark| &remark.recipient))
}

fn said(personal: &Personal<Remark>) -> &str {
    personal.known().map_or(ERASED, |remark| &remark.message)
}

fn waiting(
    (kind, key, mailbox): &(RecipientKind, RecipientKey, Personal<&Mailbox>),
    at: DateTime<Utc>,
) -> RecipientRow {
    let mailbox = mailbox.known();
    RecipientRow {
        address: key.kept(mailbox.map(|mailbox| &mailbox.address)),
        kind: kind.to_string(),
        name: mailbox.and_then(|mailbox| mailbox.name.clone()),
        status: "queued".to_owned(),
        code: None,
        message: None,
        updated_at: at,
    }
}
