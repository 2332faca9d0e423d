//! What a letter looks like to whoever reads it.

mod bodies;
mod files;
mod headers;
mod hostile;

use mail_parser::{Message, MessageParser};

use selfmx::mail::Letter;

use crate::letters::written;

/// The bytes of a letter.
fn bytes(letter: &Letter) -> Vec<u8> {
    written(letter).bytes
}

/// The bytes as a reader understands them.
fn read(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap_or_default()
}

/// Whether relays take it: ASCII lines of at most 998 bytes, each ended by CRLF, no bare CR or LF.
fn is_clean(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\r\n") else { return false };
    let text = String::from_utf8_lossy(lines);
    text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0']))
}
