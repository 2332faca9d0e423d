//! What others tell of a mail after it has left: that it did not arrive (RFC 3464), or that somebody calls it spam
//! (RFC 5965).

mod feedback;
mod fields;
mod status;

use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};

pub use feedback::Complaint;
pub use status::Failure;

/// A report, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// To these recipients it did not get, and never will.
    Failed(Vec<Failure>),
    /// Somebody complains.
    Complaint(Complaint),
    /// It says nothing that we act on: that it takes longer, that it was read, or that somebody is on holiday.
    Other,
}

impl Report {
    /// Reads a mail that may be one. What an attached mail holds is not looked at.
    pub fn read(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(raw) else { return Self::Other };
        let told = message.parts.iter().find_map(|part| match kind(part)?.as_str() {
            "delivery-status" | "global-delivery-status" => {
                let failed = status::failures(&text(part));
                (!failed.is_empty()).then_some(Self::Failed(failed))
            }
            "feedback-report" => feedback::complaint(&text(part)).map(Self::Complaint),
            _ => None,
        });
        told.unwrap_or(Self::Other)
    }
}

/// Which kind of `message/…` a part is.
fn kind(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.content_type()?;
    if !kind.ctype().eq_ignore_ascii_case("message") {
        return None;
    }
    kind.subtype().map(str::to_ascii_lowercase)
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNCE: &str = include_str!("../../../tests/fixtures/reports/postfix_bounce.eml");
    const DELAY: &str = include_str!("../../../tests/fixtures/reports/postfix_delay.eml");
    const COMPLAINT: &str = include_str!("../../../tests/fixtures/reports/arf_complaint.eml");

    #[test]
    fn a_bounce_names_each_failed_recipient_and_why() {
        let Report::Failed(failed) = Report::read(BOUNCE.as_bytes()) else { panic!("a bounce") };
        let told: Vec<_> = failed
            .iter()
            .map(|one| (one.named[0].to_string(), one.status.to_string(), one.diagnostic.as_str()))
            .collect();
        assert_eq!(
            told,
            [(
                "nobody@example.org".to_owned(),
                "5.1.1".to_owned(),
                "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table"
            )]
        );
    }

    #[test]
    fn a_delay_is_no_bounce() {
        assert_eq!(Report::read(DELAY.as_bytes()), Report::Other);
    }

    #[test]
    fn a_complaint_names_who_complains() {
        let Report::Complaint(told) = Report::read(COMPLAINT.as_bytes()) else { panic!("one") };
        assert_eq!(told.named[0].to_string(), "ann@example.org");
        assert_eq!(told.feedback.as_str(), "abuse");
        assert_eq!(told.reporter, "SomeGenerator/1.0");
    }

    #[test]
    fn what_only_looks_like_a_report_is_none() {
        let attached = BOUNCE.replace("message/delivery-status", "text/plain");
        let not_spam = COMPLAINT.replace("Feedback-Type: abuse", "Feedback-Type: not-spam");
        for text in ["", "x", "Subject: hello\r\n\r\nhello\r\n", &attached, &not_spam] {
            assert_eq!(Report::read(text.as_bytes()), Report::Other, "{text}");
        }
        let inside = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{BOUNCE}\r\n--b--\r\n"
        );
        assert_eq!(Report::read(inside.as_bytes()), Report::Other);
    }
}
