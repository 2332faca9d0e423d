//! Reads feedback reports in the Abuse Reporting Format (RFC 5965): who calls a mail spam.

use super::fields::{Fields, shortened};
use crate::values::{Address, FeedbackType};

/// Somebody complains of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Under which addresses the report knows who complains; many hide them.
    pub named: Vec<Address>,
    /// What kind of complaint it is.
    pub feedback: FeedbackType,
    /// The software that reports it.
    pub reporter: String,
}

/// The complaint, if it is one.
pub(super) fn complaint(text: &str) -> Option<Complaint> {
    let groups = Fields::groups(text);
    let fields = groups.first()?;
    Some(Complaint {
        named: fields.addresses(&["original-rcpt-to"]),
        feedback: FeedbackType::of_report(fields.get("feedback-type")?)?,
        reporter: shortened(fields.get("user-agent").unwrap_or("an unknown reporter")),
    })
}
