//! What can happen to an email.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::values::{
    Address, EmailMetadata, EnhancedStatus, ExtraHeaders, FeedbackType, Mailbox, Personal,
    Priority, RecipientKey, RecipientKind, Recipients, Roll, Subject, SuppressionReason, Tags,
    TemplateRef, Timestamp, Tracking,
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
        recipient: RecipientKey,
        /// To which address, and what the relay answered.
        personal: Personal<Remark>,
    },
    /// The relay will never take it for this recipient.
    #[serde(rename = "email.recipient_bounced")]
    RecipientBounced {
        /// To whom.
        recipient: RecipientKey,
        /// The SMTP reply code.
        code: u16,
        /// To which address, and what the relay answered.
        personal: Personal<Remark>,
    },
    /// Not now; perhaps later.
    #[serde(rename = "email.recipient_deferred")]
    RecipientDeferred {
        /// To whom.
        recipient: RecipientKey,
        /// The SMTP reply code, if the relay spoke at all.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        code: Option<u16>,
        /// The relay may have taken it although we did not hear so.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        may_have_arrived: bool,
        /// To which address, and what went wrong.
        personal: Personal<Remark>,
    },
    /// We gave up on this recipient.
    #[serde(rename = "email.recipient_failed")]
    RecipientFailed {
        /// To whom.
        recipient: RecipientKey,
        /// To which address, and why.
        personal: Personal<Remark>,
    },
    /// What is left of it is tried again later.
    #[serde(rename = "email.delivery_rescheduled")]
    DeliveryRescheduled {
        /// Not before this moment.
        next_attempt_at: Timestamp,
        /// What went wrong last.
        personal: Personal<Trouble>,
    },
    /// It was withdrawn before it left.
    #[serde(rename = "email.cancelled")]
    Cancelled {
        /// Why: the caller's wish, or the end of its tenant.
        reason: CancelReason,
        /// All who had no outcome yet, and get nothing now.
        recipients: Vec<RecipientKey>,
        /// Their addresses.
        personal: Personal<Withdrawn>,
    },
    /// What it said is not kept any more, because somebody asked.
    #[serde(rename = "email.content_removed")]
    ContentRemoved {
        /// Under which it was kept.
        digest: String,
    },
    /// It is not sent to this recipient, whose address is on the suppression list.
    #[serde(rename = "email.recipient_suppressed")]
    RecipientSuppressed {
        /// To whom.
        recipient: RecipientKey,
        /// Why the address is on it.
        reason: SuppressionReason,
        /// To which address, and a sentence that says so.
        personal: Personal<Remark>,
    },
    /// The relay had taken it for this recipient, and a report came later that it did not arrive (RFC 3464).
    #[serde(rename = "email.bounce_received")]
    BounceReceived {
        /// To whom.
        recipient: RecipientKey,
        /// Why, as RFC 3463 has it.
        status: EnhancedStatus,
        /// To which address, and what the last relay had answered.
        personal: Personal<Remark>,
    },
    /// This recipient has called it spam (RFC 5965).
    #[serde(rename = "email.complaint_received")]
    ComplaintReceived {
        /// Who.
        recipient: RecipientKey,
        /// What kind of complaint it is.
        feedback: FeedbackType,
        /// Of which address, and who reported it.
        personal: Personal<Remark>,
    },
    /// Its pixel was fetched: somebody has opened it, or a program has for somebody.
    #[serde(rename = "email.opened")]
    Opened {
        /// By whom, if it went to one recipient alone.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        recipient: Option<RecipientKey>,
        /// What is known of the reader.
        personal: Personal<Reader>,
    },
    /// One of its links was followed.
    #[serde(rename = "email.clicked")]
    Clicked {
        /// By whom, if it went to one recipient alone.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        recipient: Option<RecipientKey>,
        /// Which of its tracked links, from zero.
        link: u32,
        /// Where that leads, and what is known of the reader.
        personal: Personal<Visit>,
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
///
/// Whatever is personal stands last, in a member of that name: the store seals it as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmailAccepted {
    /// How many get it.
    pub recipients: Roll,
    /// Where its bodies and attachments are kept.
    pub content: ContentRef,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scheduled_at: Option<Timestamp>,
    /// Which of a tenant's mails go first.
    pub priority: Priority,
    /// The version of a template that it was rendered from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template: Option<TemplateRef>,
    /// What is tracked of its reading; none if nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tracking: Option<Tracking>,
    /// Who writes to whom, and about what.
    pub personal: Personal<Correspondence>,
}

/// Who writes to whom, and about what. Tags, metadata and headers are the caller's own words, which may
/// name anybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correspondence {
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
    /// The caller's labels.
    #[serde(default)]
    pub tags: Tags,
    /// The caller's own data.
    #[serde(default)]
    pub metadata: EmailMetadata,
}

/// What was said of a recipient. A relay's words often repeat the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The recipient's address.
    pub recipient: Address,
    /// What the relay answered, or what went wrong.
    pub message: String,
}

/// What is known of somebody who reads an email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The recipient's address, if it went to one alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient: Option<Address>,
    /// From where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ip: Option<IpAddr>,
    /// With which program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<String>,
}

/// A link that was followed. Senders write whatever they like into links, which may name anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Where it leads.
    pub url: String,
    /// Who followed it.
    #[serde(flatten)]
    pub reader: Reader,
}

/// Why an email did not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// In the words of the relay, or ours.
    pub reason: String,
}

/// Who gets nothing after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Their addresses.
    pub recipients: Vec<Address>,
}

impl EmailAccepted {
    /// Everybody who gets it, in the order of their places, with the mailbox while it is known.
    pub fn everybody(&self) -> Vec<(RecipientKind, RecipientKey, Personal<&Mailbox>)> {
        let known = self.personal.known();
        let mut mailboxes = known.into_iter().flat_map(|known| known.recipients.all());
        let each = self.recipients.all().map(|(kind, key)| {
            let mailbox = mailboxes.next().map_or(Personal::Erased, |(_, m)| Personal::Known(m));
            (kind, key, mailbox)
        });
        each.collect()
    }
}

impl EmailEvent {
    /// Forgets what is personal: the first version wrote it in clear, where no lost key hides it.
    pub(crate) fn erase(&mut self) {
        match self {
            Self::Accepted(accepted) => Arc::make_mut(accepted).personal = Personal::Erased,
            Self::RecipientDelivered { personal, .. }
            | Self::RecipientBounced { personal, .. }
            | Self::RecipientDeferred { personal, .. }
            | Self::RecipientFailed { personal, .. }
            | Self::RecipientSuppressed { personal, .. }
            | Self::BounceReceived { personal, .. }
            | Self::ComplaintReceived { personal, .. } => *personal = Personal::Erased,
            Self::DeliveryRescheduled { personal, .. } => *personal = Personal::Erased,
            Self::Cancelled { personal, .. } => *personal = Personal::Erased,
            Self::Opened { personal, .. } => *personal = Personal::Erased,
            Self::Clicked { personal, .. } => *personal = Personal::Erased,
            Self::DeliveryStarted { .. }
            | Self::DeliveryInterrupted { .. }
            | Self::ContentRemoved { .. } => {}
        }
    }
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
