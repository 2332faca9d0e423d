//! The subject of an email.

use std::fmt;
use std::str::FromStr;

use super::text::{has_control, serde_by_text};

/// One line of at most 998 bytes (RFC 5322, 2.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject(String);

/// Why a text is no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// A line break or the like in it.
    #[error("line breaks and control characters are not allowed in a subject")]
    Control,
    /// Too long.
    #[error("too long for a subject: at most 998 bytes")]
    TooLong,
}

impl Subject {
    /// This subject.
    pub fn new(text: &str) -> Result<Self, SubjectError> {
        if has_control(&text.replace('\t', " ")) {
            return Err(SubjectError::Control);
        }
        if text.len() > 998 {
            return Err(SubjectError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        Self::new(text)
    }
}

serde_by_text!(Subject);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line() {
        assert!(Subject::new("Grüße\tund mehr").is_ok());
        assert_eq!(Subject::new("a\r\nBcc: x@y.com"), Err(SubjectError::Control));
        assert_eq!(Subject::new("a\0b"), Err(SubjectError::Control));
        assert_eq!(Subject::new(&"a".repeat(999)), Err(SubjectError::TooLong));
    }
}
