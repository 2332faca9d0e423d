//! Further headers of an email: no line breaks, none of those that we write ourselves.

use serde::{Deserialize, Serialize};

use super::text::has_control;

/// Headers that make the structure of an email or say who sent it: they are not the caller's.
const OURS: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "dkim-signature",
    "return-path",
    "received",
    "authentication-results",
];

/// Families of such headers.
const OUR_FAMILIES: &[&str] = &["content-", "arc-", "resent-", "received-", "x-selfmx-"];

/// So many further headers at most.
const MOST: usize = 50;

/// Headers besides those that we write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraHeaders(Vec<(String, String)>);

/// Why a header is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a name.
    #[error("not a valid header name: letters, digits and hyphens, at most 76")]
    Name,
    /// One of ours.
    #[error("this header is set by the service and cannot be given")]
    Ours,
    /// A line break or the like.
    #[error("line breaks and control characters are not allowed in a header")]
    Control,
    /// Longer than a line may be.
    #[error("too long for a header: at most 998 bytes")]
    TooLong,
    /// Too many.
    #[error("too many headers: at most 50")]
    TooMany,
}

impl ExtraHeaders {
    /// Adds one, or says why not.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > 76 || !name.bytes().all(token) {
            return Err(HeaderError::Name);
        }
        let lower = name.to_ascii_lowercase();
        let ours = OURS.contains(&lower.as_str())
            || OUR_FAMILIES.iter().any(|family| lower.starts_with(family));
        if ours {
            return Err(HeaderError::Ours);
        }
        if has_control(&value.replace('\t', " ")) {
            return Err(HeaderError::Control);
        }
        if value.len() > 998 {
            return Err(HeaderError::TooLong);
        }
        if self.0.len() >= MOST {
            return Err(HeaderError::TooMany);
        }
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Each name with its value, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(name: &str, value: &str) -> Result<(), HeaderError> {
        ExtraHeaders::default().push(name, value)
    }

    #[test]
    fn nobody_sets_what_is_ours() {
        for name in ["From", "bcc", "Content-Type", "DKIM-Signature", "ARC-Seal", "Message-ID"] {
            assert_eq!(pushed(name, "x"), Err(HeaderError::Ours), "{name}");
        }
        assert_eq!(pushed("X-Campaign", "spring"), Ok(()));
        assert_eq!(pushed("List-Unsubscribe", "<https://acme.com/u>"), Ok(()));
    }

    #[test]
    fn nobody_smuggles_a_header_in() {
        assert_eq!(pushed("X-A", "1\r\nBcc: x@y.com"), Err(HeaderError::Control));
        assert_eq!(pushed("X-A\r\nBcc", "1"), Err(HeaderError::Name));
        assert_eq!(pushed("X A", "1"), Err(HeaderError::Name));
        assert_eq!(pushed("X-A:", "1"), Err(HeaderError::Name));
    }
}
