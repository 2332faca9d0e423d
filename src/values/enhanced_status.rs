//! What became of a mail in three numbers, as RFC 3463 has them: `5.1.1`.

use std::fmt;
use std::str::FromStr;

use super::text::serde_by_text;

/// An enhanced mail system status code (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnhancedStatus {
    class: u8,
    subject: u16,
    detail: u16,
}

/// Why a text is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a status of RFC 3463: one such as 5.1.1 is wanted")]
pub struct EnhancedStatusError;

impl EnhancedStatus {
    /// The one with which a reply begins, if it does.
    pub fn leading(reply: &str) -> Option<Self> {
        reply.split_whitespace().next()?.parse().ok()
    }

    /// True if it will never be otherwise.
    pub fn is_permanent(self) -> bool {
        self.class == 5
    }

    /// True if it says that the mailbox itself is bad, so that no other mail to it will arrive either.
    ///
    /// That is the recipient's address (`5.1.x`, but for `5.1.7` and `5.1.8`, which are about the sender's) and a
    /// mailbox that is out of use (`5.2.0`, `5.2.1`). A full mailbox, too large a mail, a network in trouble and a
    /// policy (`5.2.2`, `5.3.4`, `5.4.x`, `5.7.x`) are about this mail or this moment.
    pub fn is_about_the_mailbox(self) -> bool {
        let names_it = match self.subject {
            1 => !matches!(self.detail, 7 | 8),
            2 => matches!(self.detail, 0 | 1),
            _ => false,
        };
        self.is_permanent() && names_it
    }
}

impl FromStr for EnhancedStatus {
    type Err = EnhancedStatusError;

    fn from_str(text: &str) -> Result<Self, EnhancedStatusError> {
        let mut parts = text.split('.');
        let mut number = || {
            let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
        };
        let numbers: [Option<u16>; 3] = [number(), number(), number()];
        match (numbers, parts.next()) {
            ([Some(class @ (2 | 4 | 5)), Some(subject), Some(detail)], None) => {
                let class = u8::try_from(class).map_err(|_| EnhancedStatusError)?;
                Ok(Self { class, subject, detail })
            }
            _ => Err(EnhancedStatusError),
        }
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

serde_by_text!(EnhancedStatus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_from_other_texts() {
        for text in ["5.1.1", "4.2.2", "2.0.0", "5.1.10", "5.7.509"] {
            assert_eq!(text.parse::<EnhancedStatus>().unwrap().to_string(), text);
        }
        for text in
            ["", "5", "5.1", "5.1.1.1", "5.1.1234", "3.1.1", "5..1", "5.+1.1", "550", "5.1.x"]
        {
            assert!(text.parse::<EnhancedStatus>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_a_bad_mailbox_is_one() {
        let bad = |text: &str| text.parse::<EnhancedStatus>().unwrap().is_about_the_mailbox();
        for text in ["5.1.0", "5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"] {
            assert!(bad(text), "{text}");
        }
        for text in
            ["4.1.1", "5.1.8", "5.2.2", "5.3.4", "5.4.4", "5.6.0", "5.7.1", "5.0.0", "2.1.5"]
        {
            assert!(!bad(text), "{text}");
        }
    }

    #[test]
    fn it_stands_at_the_beginning_of_a_reply() {
        assert_eq!(EnhancedStatus::leading("5.1.1 no such user"), "5.1.1".parse().ok());
        assert_eq!(EnhancedStatus::leading("no such user 5.1.1"), None);
    }
}
