//! One key that signs for a domain, and the header that it writes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canonical::{body_digest, header, headers};
use super::keys::{Algorithm, KeyError, SigningKey};
use crate::values::{HostName, Secret, Timestamp};

/// What is signed if it stands there (RFC 6376, section 5.4.1): what readers see, and what tells them how.
const SIGNED: [&str; 15] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "sender",
];

/// Characters of a signature in one line.
const LINE: usize = 72;

/// A key of a domain, ready to sign.
#[derive(Debug)]
pub struct Signer {
    domain: HostName,
    selector: String,
    algorithm: Algorithm,
    key: SigningKey,
}

impl Signer {
    /// With this key, in base64 as it was made.
    pub fn new(
        domain: &HostName,
        selector: &str,
        (algorithm, private): (Algorithm, &Secret),
    ) -> Result<Self, KeyError> {
        let key = SigningKey::read(algorithm, private)?;
        Ok(Self { domain: domain.clone(), selector: selector.to_owned(), algorithm, key })
    }

    /// The `DKIM-Signature` headers of these keys for a mail: the block of its headers, and its body. The body
    /// is looked at once.
    pub fn sign_all(
        signers: &[Self],
        (block, body): (&[u8], &[u8]),
        at: Timestamp,
    ) -> Result<Vec<u8>, KeyError> {
        let digest = STANDARD.encode(body_digest(body));
        let (names, text) = signed(block);
        let mut written = Vec::new();
        for signer in signers {
            written.extend_from_slice(&signer.sign((&names, &text), &digest, at)?);
        }
        Ok(written)
    }

    fn sign(
        &self,
        (names, text): (&str, &[u8]),
        body_digest: &str,
        at: Timestamp,
    ) -> Result<Vec<u8>, KeyError> {
        let algorithm = self.algorithm.as_str();
        let seconds = at.as_datetime().timestamp();
        let value = format!(
            " v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={};\r\n s={}; t={seconds};\r\n \
             h={names};\r\n bh={body_digest};\r\n b=",
            self.domain, self.selector,
        );
        let mut signed = text.to_vec();
        signed.extend_from_slice(&header("DKIM-Signature", value.as_bytes()));
        let signature = STANDARD.encode(self.key.sign(&signed)?);
        Ok(format!("DKIM-Signature:{value}{}\r\n", folded(&signature)).into_bytes())
    }
}

/// The names of the headers that are signed, and these headers in their relaxed forms. Of several of one name
/// the last is meant; `from` is named once more, so that nobody can add another.
fn signed(block: &[u8]) -> (String, Vec<u8>) {
    let present = headers(block);
    let (mut names, mut text) = (String::new(), Vec::new());
    for wanted in SIGNED {
        let found = present.iter().rfind(|(name, _)| name.trim_end().eq_ignore_ascii_case(wanted));
        let Some((name, value)) = found else { continue };
        if !names.is_empty() {
            names.push(':');
        }
        names.push_str(wanted);
        text.extend_from_slice(&header(name, value));
        text.extend_from_slice(b"\r\n");
    }
    names.push_str(":from");
    (names, text)
}

fn folded(text: &str) -> String {
    let mut lines = String::new();
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % LINE == 0 {
            lines.push_str("\r\n ");
        }
        let _ = lines.write_char(character);
    }
    lines
}
