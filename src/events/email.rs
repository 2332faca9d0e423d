//! What can happen to an email.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::values::{
    Address, EmailMetadata, ExtraHeaders, Mailbox, Priority, Recipients, Subject, Tags, Timestamp,
};

/// The life of one email, in the order in which it can be lived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum EmailEvent {
    /// We told the caller `202`. From here on the email is ours to deliver.
    #[serde(rename = "email.accepted")]
    Accepted(Arc<EmailAccepted>),
    /// A worker took the email and is about to open a connection.
    #[serde(rename = "email.delivery_started")]
    DeliveryStarted {
        /// Counts from one.
        attempt: u32,
        /// Who holds the email: only that worker may record what came of it.
        lease: Uuid,
        /// Grows with every claim: who comes with a lower one has lost the email to another.
        fence: u32,
    },
    /// The worker that had it died or lost it: the relay may have taken the email or not.
    #[serde(rename = "email.delivery_interrupted")]
    DeliveryInterrupted {
        /// The attempt of which no outcome is known.
        attempt: u32,
    },
    /// The relay took it for this recipient.
    #[serde(rename = "email.recipient_delivered")]
    RecipientDelivered {
        /// To whom.
        recipient: Address,
        /// What the relay answered.
        response: String,
    },
    /// The relay will never take it for this recipient.
    #[serde(rename = "email.recipient_bounced")]
    RecipientBounced {
        /// To whom.
        recipient: Address,
        /// The SMTP reply code.
        code: u16,
        /// What the relay answered.
        message: String,
    },
    /// Not now; perhaps later.
    #[serde(rename = "email.recipient_deferred")]
    RecipientDeferred {
        /// To whom.
        recipient: Address,
        /// The SMTP reply code, if the relay spoke at all.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        code: Option<u16>,
        /// What went wrong.
        message: String,
        /// The relay may have taken it although we did not hear so.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        may_have_arrived: bool,
    },
    /// We gave up on this recipient.
    #[serde(rename = "email.recipient_failed")]
    RecipientFailed {
        /// To whom.
        recipient: Address,
        /// Why.
        message: String,
    },
    /// What is left of it is tried again later.
    #[serde(rename = "email.delivery_rescheduled")]
    DeliveryRescheduled {
        /// Not before this moment.
        next_attempt_at: Timestamp,
        /// What went wrong last.
        reason: String,
    },
    /// It was withdrawn before it left.
    #[serde(rename = "email.cancelled")]
    Cancelled {
        /// Why: the caller's wish, or the end of its tenant.
        reason: CancelReason,
        /// All who had no outcome yet, and get nothing now.
        recipients: Vec<Address>,
    },
}

/// Why an email was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Somebody asked.
    Requested,
    /// Its tenant was deleted.
    TenantDeleted,
}

/// What we promised to deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmailAccepted {
    /// The sender that recipients see.
    pub from: Mailbox,
    /// Everybody who gets it.
    #[serde(flatten)]
    pub recipients: Recipients,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply_to: Option<Mailbox>,
    /// Its subject.
    pub subject: Subject,
    /// Further headers.
    #[serde(default)]
    pub headers: ExtraHeaders,
    /// Where its bodies and attachments are kept.
    pub content: ContentRef,
    /// The caller's labels.
    #[serde(default)]
    pub tags: Tags,
    /// The caller's own data.
    #[serde(default)]
    pub metadata: EmailMetadata,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scheduled_at: Option<Timestamp>,
    /// Which of a tenant's mails go first.
    pub priority: Priority,
}

/// Names contents that are kept beside the log, so that they can be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRef {
    /// Hex SHA-256 of the contents.
    pub digest: String,
    /// Their size in bytes.
    pub size: u64,
    /// How many attachments are in there.
    pub attachments: u32,
}
