//! A letter -> MIME bytes that are the same mail on every attempt.

mod body;
mod head;
mod signed;

use lettre::message::header::ContentTypeErr;

use super::letter::Letter;

/// A mail as it goes over the wire, but for dot-stuffing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Headers and body, lines ended by CRLF.
    pub bytes: Vec<u8>,
    /// A header holds an address that only a relay with `SMTPUTF8` may be given.
    pub needs_smtputf8: bool,
    /// The headers for a relay without `SMTPUTF8`; none when such a relay cannot be given it at all.
    pub downgraded: Option<Downgraded>,
}

/// Other headers for the same body: those recipients who cannot be written in ASCII are left out,
/// so that they do not keep the mail from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downgraded {
    head: Vec<u8>,
    body_at: usize,
}

impl Message {
    /// The mail in full, for a relay that offers what it needs.
    pub fn whole(&self) -> [&[u8]; 2] {
        [&self.bytes, &[]]
    }

    /// The mail in ASCII, if it can be had.
    pub fn ascii(&self) -> Option<[&[u8]; 2]> {
        if !self.needs_smtputf8 {
            return Some(self.whole());
        }
        let downgraded = self.downgraded.as_ref()?;
        Some([&downgraded.head, self.bytes.get(downgraded.body_at..)?])
    }
}

/// Why a letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// Nothing to say: neither a body nor an attachment.
    #[error("the mail has neither html, text nor an attachment")]
    Empty,
    /// Our own constant content type was not understood.
    #[error("a content type is not valid")]
    ContentType(#[from] ContentTypeErr),
    /// A header's name is none.
    #[error("the header name {0:?} is not valid")]
    HeaderName(String),
}

/// Writes the letter. The same letter gives the same mail, but for the boundaries between its parts.
pub fn compose(letter: &Letter) -> Result<Message, ComposeError> {
    let body = body::written(letter)?;
    let mut bytes = head::written(letter, head::Shown::All)?;
    let body_at = bytes.len();
    bytes.extend_from_slice(&body);
    let needs_smtputf8 = !bytes.is_ascii();
    let downgraded = if needs_smtputf8 && head::senders_are_ascii(letter) {
        Some(Downgraded { head: head::written(letter, head::Shown::AsciiOnly)?, body_at })
    } else {
        None
    };
    Ok(Message { bytes, needs_smtputf8, downgraded })
}
