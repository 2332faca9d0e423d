//! What an email is to be, before it is anybody's, and from where it may be sent.

use crate::values::{
    EmailContent, EmailMetadata, ExtraHeaders, Mailbox, Priority, Recipients, Subject, Tags,
    TemplateRef, Timestamp, TrackingWish,
};

/// From which of its domains a tenant may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Senders {
    /// From all.
    #[default]
    Owned,
    /// From those that are verified.
    Verified,
}

/// What an email is to be, before it is anybody's.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The sender; none: the tenant's default.
    pub from: Option<Mailbox>,
    /// Everybody who gets it.
    pub recipients: Recipients,
    /// Where answers go; none: the tenant's default.
    pub reply_to: Option<Mailbox>,
    /// Its subject.
    pub subject: Subject,
    /// Further headers.
    pub headers: ExtraHeaders,
    /// Its bodies and attachments.
    pub content: EmailContent,
    /// The caller's labels.
    pub tags: Tags,
    /// The caller's own data.
    pub metadata: EmailMetadata,
    /// Not before this moment.
    pub scheduled_at: Option<Timestamp>,
    /// Which of the tenant's mails go first.
    pub priority: Priority,
    /// The version of a template that it was rendered from.
    pub template: Option<TemplateRef>,
    /// What is to be tracked of its reading.
    pub tracking: TrackingWish,
}
