//! The MIME parts of a mail: alternative texts, pictures inside them, files beside them.

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment as Part, Body, MultiPart, SinglePart};

use super::ComposeError;
use crate::mail::letter::Letter;
use crate::values::Attachment;

const UNKNOWN: &str = "application/octet-stream";

/// One part or a tree of them.
enum Tree {
    Leaf(SinglePart),
    Branch(MultiPart),
}

impl Tree {
    fn under(self, parent: MultiPart) -> MultiPart {
        match self {
            Self::Leaf(part) => parent.singlepart(part),
            Self::Branch(part) => parent.multipart(part),
        }
    }

    fn formatted(&self) -> Vec<u8> {
        match self {
            Self::Leaf(part) => part.formatted(),
            Self::Branch(part) => part.formatted(),
        }
    }
}

/// The body with its own headers, the empty line after them, and all parts.
pub(super) fn written(letter: &Letter) -> Result<Vec<u8>, ComposeError> {
    // Without HTML nothing can refer to a content id: then every file is one beside the text.
    let has_html = letter.html.is_some();
    let (inline, beside): (Vec<_>, Vec<_>) =
        letter.attachments.iter().partition(|file| has_html && file.content_id.is_some());
    let html = letter.html.as_deref().map(|html| with_inline(html, &inline)).transpose()?;
    let text = letter.text.as_deref().map(|text| readable(text, ContentType::TEXT_PLAIN));
    let readable = match (text, html) {
        (Some(text), Some(html)) => {
            Some(Tree::Branch(html.under(MultiPart::alternative().singlepart(text))))
        }
        (Some(text), None) => Some(Tree::Leaf(text)),
        (None, html) => html,
    };
    Ok(with_files(readable, &beside)?.formatted())
}

fn with_inline(html: &str, inline: &[&Attachment]) -> Result<Tree, ComposeError> {
    let html = readable(html, ContentType::TEXT_HTML);
    if inline.is_empty() {
        return Ok(Tree::Leaf(html));
    }
    let mut related = MultiPart::related().singlepart(html);
    for file in inline {
        related = related.singlepart(file_part(file, Place::Inline)?);
    }
    Ok(Tree::Branch(related))
}

fn with_files(readable: Option<Tree>, files: &[&Attachment]) -> Result<Tree, ComposeError> {
    let mut mixed = MultiPart::mixed().build();
    match readable {
        Some(readable) if files.is_empty() => return Ok(readable),
        Some(readable) => mixed = readable.under(mixed),
        None if files.is_empty() => return Err(ComposeError::Empty),
        None => {}
    }
    for file in files {
        mixed = mixed.singlepart(file_part(file, Place::Beside)?);
    }
    Ok(Tree::Branch(mixed))
}

fn readable(text: &str, content_type: ContentType) -> SinglePart {
    let text = with_crlf(text);
    let binary = text.chars().any(|c| c.is_ascii_control() && !matches!(c, '\r' | '\n' | '\t'));
    let part = SinglePart::builder().header(content_type);
    if binary {
        // A NUL must not stand in a mail as it is. Any bytes can be quoted-printable.
        part.header(ContentTransferEncoding::QuotedPrintable).body(text)
    } else {
        part.body(text)
    }
}

/// No bare CR or LF may reach the wire: where relays read them differently, a body could smuggle
/// a second mail. Lettre would add the CRs too, but in a time that grows with the square of the lines.
fn with_crlf(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 32);
    let mut after_cr = false;
    for c in text.chars() {
        match c {
            '\n' if after_cr => {}
            '\r' | '\n' => lines.push_str("\r\n"),
            other => lines.push(other),
        }
        after_cr = c == '\r';
    }
    lines
}

enum Place {
    Inline,
    Beside,
}

fn file_part(file: &Attachment, place: Place) -> Result<SinglePart, ComposeError> {
    let part = match (place, &file.content_id) {
        (Place::Inline, Some(id)) => Part::new_inline_with_name(id.clone(), file.filename.clone()),
        (Place::Inline | Place::Beside, _) => Part::new(file.filename.clone()),
    };
    // Always base64: lettre would send bytes that happen to be ASCII as they are, bare LFs included.
    let content = Body::new_with_encoding(file.content.clone(), ContentTransferEncoding::Base64)
        .unwrap_or_else(Body::new);
    Ok(part.body(content, content_type(&file.content_type)?))
}

/// What cannot be encoded in base64 by the rules of MIME is sent as a plain file.
fn content_type(given: &str) -> Result<ContentType, ComposeError> {
    let lower = given.to_ascii_lowercase();
    let composite = lower.starts_with("multipart/") || lower.starts_with("message/");
    match ContentType::parse(given) {
        Ok(known) if !composite => Ok(known),
        Ok(_) | Err(_) => Ok(ContentType::parse(UNKNOWN)?),
    }
}

#[cfg(test)]
mod tests {
    use super::with_crlf;

    #[test]
    fn every_kind_of_line_end_becomes_crlf() {
        assert_eq!(with_crlf("a\nb\r\nc\rd\r\r\n\n"), "a\r\nb\r\nc\r\nd\r\n\r\n\r\n");
    }
}
