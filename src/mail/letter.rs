//! What is to be written, before it is MIME.

use crate::values::{Attachment, EmailId, ExtraHeaders, Mailbox, Recipients, Subject, Timestamp};

/// One email as its sender meant it: everything that [`compose`](super::compose()) needs.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Makes the `Message-ID`, which is the same however often the letter is composed.
    pub id: EmailId,
    /// Who it is from, as shown.
    pub from: Mailbox,
    /// Whom it is for; the hidden ones are written nowhere.
    pub recipients: Recipients,
    /// Where answers should go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// May be empty; then there is no such header.
    pub subject: Subject,
    /// The body for readers that show HTML.
    pub html: Option<String>,
    /// The body for all others.
    pub text: Option<String>,
    /// Headers of the sender's own.
    pub headers: ExtraHeaders,
    /// Files; those with a content id are shown inside the HTML.
    pub attachments: Vec<Attachment>,
    /// When we took it on: its `Date`.
    pub date: Timestamp,
}
