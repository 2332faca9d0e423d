//! A file that goes with an email: decoded, measured, named.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::text::has_control;

/// All attachments of an email together, in bytes.
pub const MAX_ATTACHMENT_BYTES: usize = 25 * 1024 * 1024;

/// What a file is taken for when nobody says.
const UNKNOWN: &str = "application/octet-stream";

/// A file that goes with an email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name.
    pub filename: String,
    /// Its bytes.
    #[serde(with = "as_base64")]
    pub content: Vec<u8>,
    /// Its media type.
    pub content_type: String,
    /// By which the HTML refers to it (`cid:`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
}

/// Why a file is not taken, with the field to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentFault {
    /// No good name.
    #[error("give a file name of 1 to 255 characters without control characters or slashes")]
    Filename,
    /// Not base64.
    #[error("not valid base64: encode the file with the standard alphabet and padding")]
    Content,
    /// Not a media type.
    #[error("not a media type such as application/pdf")]
    ContentType,
    /// Not a content id.
    #[error("give a content id of 1 to 100 letters, digits, dots, hyphens, underscores or @")]
    ContentId,
}

impl AttachmentFault {
    /// The field to mend.
    pub fn field(self) -> &'static str {
        match self {
            Self::Filename => "filename",
            Self::Content => "content",
            Self::ContentType => "content_type",
            Self::ContentId => "content_id",
        }
    }
}

impl Attachment {
    /// A file as a caller gives it; or all that is wrong with it.
    pub fn parse(
        filename: &str,
        content: &str,
        content_type: Option<&str>,
        content_id: Option<&str>,
    ) -> Result<Self, Vec<AttachmentFault>> {
        let mut faults = Vec::new();
        let named = !filename.is_empty() && filename.chars().count() <= 255;
        if !named || has_control(filename) || filename.contains(['/', '\\']) {
            faults.push(AttachmentFault::Filename);
        }
        let content_type = content_type.unwrap_or(UNKNOWN);
        if !is_media_type(content_type) {
            faults.push(AttachmentFault::ContentType);
        }
        if content_id.is_some_and(|id| !is_content_id(id)) {
            faults.push(AttachmentFault::ContentId);
        }
        match STANDARD.decode(content) {
            Ok(content) if faults.is_empty() => Ok(Self {
                filename: filename.to_owned(),
                content,
                content_type: content_type.to_owned(),
                content_id: content_id.map(ToOwned::to_owned),
            }),
            Ok(_) => Err(faults),
            Err(_) => {
                faults.push(AttachmentFault::Content);
                Err(faults)
            }
        }
    }
}

/// `type/subtype`, perhaps with parameters (RFC 6838).
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.len() <= 127 && part.bytes().all(allowed)
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let typed = essence.trim_end().split_once('/').is_some_and(|(a, b)| token(a) && token(b));
    typed && parameters.len() <= 255 && parameters.is_ascii() && !has_control(text)
}

fn is_content_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@+".contains(&byte);
    !text.is_empty() && text.len() <= 100 && text.bytes().all(allowed)
}

mod as_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = Attachment::parse("", "%%", Some("pdf"), Some("<x>")).unwrap_err();
        assert_eq!(
            faults,
            [
                AttachmentFault::Filename,
                AttachmentFault::ContentType,
                AttachmentFault::ContentId,
                AttachmentFault::Content
            ]
        );
    }

    #[test]
    fn a_file_without_a_type_is_bytes() {
        let file = Attachment::parse("a.bin", "AAEC", None, None).unwrap();
        assert_eq!(
            (file.content.as_slice(), file.content_type.as_str()),
            (&[0, 1, 2][..], UNKNOWN)
        );
        assert!(Attachment::parse("a\r\nb", "AAEC", None, None).is_err());
        assert!(Attachment::parse("../a", "AAEC", None, None).is_err());
    }

    #[test]
    fn a_line_break_at_the_end_of_a_media_type_is_not_taken_for_white_space() {
        for good in ["text/plain", "text/plain ; charset=utf-8"] {
            assert!(is_media_type(good), "{good:?}");
        }
        for broken in ["text/plain\r\n", "text/plain\n", "text/plain\r\n;charset=utf-8", "a/b\t"] {
            assert!(!is_media_type(broken), "{broken:?}");
        }
    }
}
