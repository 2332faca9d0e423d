//! What kind of complaint a report brings, as RFC 5965 has it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of feedback (RFC 5965, 7.3) that says that a mail was not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackType {
    /// Unwanted, or spam.
    Abuse,
    /// Fraud or phishing.
    Fraud,
    /// A virus was found in it.
    Virus,
    /// Whatever else its reader minds.
    Other,
}

impl FeedbackType {
    /// The one of a report's `Feedback-Type`. None for those that are no complaint: that it was no spam after
    /// all, or that its signatures failed (RFC 6591). Kinds that nobody knows are `other`, as RFC 5965 wants it.
    pub fn of_report(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "abuse" => Some(Self::Abuse),
            "fraud" => Some(Self::Fraud),
            "virus" => Some(Self::Virus),
            "not-spam" | "auth-failure" | "dmarc" => None,
            _ => Some(Self::Other),
        }
    }

    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abuse => "abuse",
            Self::Fraud => "fraud",
            Self::Virus => "virus",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for FeedbackType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
