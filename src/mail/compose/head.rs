//! The headers of a mail: encoded, folded, and without a trace of the hidden recipients.

use std::fmt::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{self, HeaderName, HeaderValue, Headers};
use lettre::message::{Mailbox as ShownMailbox, Mailboxes};

use super::ComposeError;
use crate::mail::letter::Letter;
use crate::values::Mailbox;

/// Beyond this a word is encoded although it is ASCII, since only encoded words can be folded
/// and a line may have 998 bytes at most.
const LONGEST_WORD: usize = 700;

/// Text bytes in one encoded word: at most 75 characters together with its frame.
const ENCODED_WORD: usize = 42;

/// Which recipients are named.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    /// All in `To` and `Cc`.
    All,
    /// Those that any relay takes.
    AsciiOnly,
}

/// True unless somebody other than a recipient needs `SMTPUTF8`.
pub(super) fn senders_are_ascii(letter: &Letter) -> bool {
    let reply_to = letter.reply_to.as_ref();
    !letter.from.address.is_smtputf8() && !reply_to.is_some_and(|to| to.address.is_smtputf8())
}

/// The header block, without the empty line and without the headers of the body.
pub(super) fn written(letter: &Letter, shown: Shown) -> Result<Vec<u8>, ComposeError> {
    let mut headers = Headers::new();
    headers.set(header::Date::new(SystemTime::from(letter.date.as_datetime())));
    headers.set(header::From::from(mailboxes([&letter.from])));
    if let Some(reply_to) = &letter.reply_to {
        headers.set(header::ReplyTo::from(mailboxes([reply_to])));
    }
    set_recipients(&mut headers, letter, shown);
    let message_id = format!("<{}@{}>", letter.id, letter.from.address.domain());
    headers.set(header::MessageId::from(message_id));
    let mut block = headers.to_string();
    let subject = letter.subject.as_str();
    if !subject.is_empty() {
        // Where a line is folded, readers make one space of several.
        let spaced = subject.contains("  ") || subject.contains('\t');
        let written = if spaced { Written::Encoded } else { Written::of(subject) };
        push_unstructured(&mut block, "Subject", subject, written)?;
    }
    for (name, value) in letter.headers.iter() {
        push_unstructured(&mut block, name, value, Written::of(value))?;
    }
    block.push_str("MIME-Version: 1.0\r\n");
    Ok(block.into_bytes())
}

fn set_recipients(headers: &mut Headers, letter: &Letter, shown: Shown) {
    let named = |mailbox: &&Mailbox| match shown {
        Shown::All => true,
        Shown::AsciiOnly => !mailbox.address.is_smtputf8(),
    };
    let to: Vec<_> = letter.recipients.to().iter().filter(named).collect();
    let cc: Vec<_> = letter.recipients.cc().iter().filter(named).collect();
    if to.is_empty() && cc.is_empty() {
        // Some filters take a mail without any recipient header for spam.
        headers.insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("To"),
            "undisclosed-recipients:;".to_owned(),
        ));
    }
    if !to.is_empty() {
        headers.set(header::To::from(mailboxes(to)));
    }
    if !cc.is_empty() {
        headers.set(header::Cc::from(mailboxes(cc)));
    }
}

/// The addresses were checked when they were parsed, by rules stricter than those asked for here.
fn mailboxes<'a>(all: impl IntoIterator<Item = &'a Mailbox>) -> Mailboxes {
    let mut shown = Mailboxes::new();
    for Mailbox { name, address } in all {
        let address = lettre::Address::new_dangerous(address.local(), address.domain());
        shown.push(ShownMailbox::new(name.clone(), address));
    }
    shown
}

/// How a text goes into a header.
#[derive(Clone, Copy)]
enum Written {
    /// As it is, folded; only words in other scripts are encoded.
    Readable,
    /// Encoded as a whole: readers would otherwise show another text, or relays would not take it.
    Encoded,
}

impl Written {
    fn of(value: &str) -> Self {
        let padded = value.trim() != value;
        let long = value.split(' ').any(|word| word.len() > LONGEST_WORD);
        if padded || long || looks_encoded(value) { Self::Encoded } else { Self::Readable }
    }
}

/// Not by `Headers`, which keeps only the last of several headers with one name.
fn push_unstructured(
    block: &mut String,
    name: &str,
    value: &str,
    written: Written,
) -> Result<(), ComposeError> {
    let header_name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|_| ComposeError::HeaderName(name.to_owned()))?;
    let mut one = Headers::new();
    one.insert_raw(match written {
        Written::Readable => HeaderValue::new(header_name, value.to_owned()),
        Written::Encoded => {
            HeaderValue::dangerous_new_pre_encoded(header_name, String::new(), encoded_words(value))
        }
    });
    block.push_str(&one.to_string());
    Ok(())
}

/// True if a reader might decode a part of it (RFC 2047): `=?charset?B?text?=`.
fn looks_encoded(value: &str) -> bool {
    value.match_indices("=?").any(|(at, _)| {
        let mut parts = value[at..].splitn(4, '?').skip(1);
        let [charset, encoding, rest] = [parts.next(), parts.next(), parts.next()];
        let encoding = encoding.is_some_and(|encoding| matches!(encoding, "b" | "B" | "q" | "Q"));
        charset != Some("") && encoding && rest.is_some_and(|rest| rest.contains("?="))
    })
}

fn encoded_words(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len() * 2);
    let mut rest = value;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED_WORD));
        let separator = if encoded.is_empty() { "" } else { "\r\n " };
        // Writing to a String cannot fail.
        let _ = write!(encoded, "{separator}=?utf-8?B?{}?=", STANDARD.encode(word));
        rest = after;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{ENCODED_WORD, Written, encoded_words, looks_encoded, push_unstructured};

    fn push(block: &mut String, name: &str, value: &str) {
        push_unstructured(block, name, value, Written::of(value)).unwrap();
    }

    #[test]
    fn a_question_in_a_link_is_no_encoded_word() {
        assert!(looks_encoded("see =?utf-8?B?aGk=?= there"));
        for value in ["<https://a.example/?q=?b?c>", "=?", "=?a?x?b?=", "=??B?a?=", "a=?utf-8?B?hm"]
        {
            assert!(!looks_encoded(value), "{value}");
        }
    }

    #[test]
    fn a_word_too_long_for_a_line_is_encoded_and_folded() {
        let mut block = String::new();
        push(&mut block, "X-Long", &"é".repeat(499));
        push(&mut block, "X-Long", &"a".repeat(998));
        assert!(block.is_ascii());
        assert!(block.split("\r\n").all(|line| line.len() <= 78), "{block}");
    }

    #[test]
    fn two_headers_of_one_name_are_both_kept() {
        let mut block = String::new();
        push(&mut block, "Keywords", "one");
        push(&mut block, "Keywords", "two");
        assert_eq!(block, "Keywords: one\r\nKeywords: two\r\n");
    }

    #[test]
    fn characters_are_never_torn_between_encoded_words() {
        let encoded = encoded_words(&"€".repeat(ENCODED_WORD));
        assert_eq!(encoded.matches("=?utf-8?B?").count(), 3);
    }
}
