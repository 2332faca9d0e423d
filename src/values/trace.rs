//! What a tracked link says about itself: signed, so that nobody makes one or turns it elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::public_url::web;
use super::{EmailId, SecretKey, TenantId};

/// So many bytes of the signature are kept: 128 bits are beyond guessing.
const SIGNATURE: usize = 16;

/// What is signed begins with this, so that no other keyed hash of ours is such a signature. No API key
/// holds a space.
const PURPOSE: &str = "selfmx trace 1 ";

/// Stands for the recipient of a mail that has several, since all of them get the same body.
const NOBODY: u8 = u8::MAX;

/// A mail's pixel, or one of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Whose mail.
    pub tenant: TenantId,
    /// Which mail.
    pub email: EmailId,
    /// The recipient's place, if there is just one.
    pub recipient: Option<u8>,
    /// What is seen when it is fetched.
    pub seen: Seen,
}

/// What can be seen of a mail's reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// That it was opened.
    Opened,
    /// That a link was followed.
    Clicked {
        /// Its place among the tracked links, from zero.
        link: u16,
        /// Where it leads.
        url: String,
    },
}

impl Trace {
    /// The text that stands in a link.
    pub fn token(&self, secrets: &SecretKey) -> String {
        let mut bytes = Vec::new();
        let (kind, link, url) = match &self.seen {
            Seen::Opened => (b'o', 0, ""),
            Seen::Clicked { link, url } => (b'c', *link, url.as_str()),
        };
        bytes.push(kind);
        bytes.extend_from_slice(self.tenant.as_uuid().as_bytes());
        bytes.extend_from_slice(self.email.as_uuid().as_bytes());
        bytes.push(self.recipient.unwrap_or(NOBODY));
        bytes.extend_from_slice(&link.to_be_bytes());
        bytes.extend_from_slice(url.as_bytes());
        let payload = URL_SAFE_NO_PAD.encode(bytes);
        let signature = signature(&payload, secrets);
        format!("{payload}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a text of ours says; none for any other text.
    pub fn read(token: &str, secrets: &SecretKey) -> Option<Self> {
        let (payload, signed) = token.split_once('.')?;
        let signed = URL_SAFE_NO_PAD.decode(signed).ok()?;
        let own = signature(payload, secrets);
        // Every byte is looked at, so the time tells nothing.
        let difference = own.iter().zip(&signed).fold(0, |all, (own, given)| all | (own ^ given));
        if difference != 0 || signed.len() != SIGNATURE {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (tenant, rest) = rest.split_first_chunk::<16>()?;
        let (email, rest) = rest.split_first_chunk::<16>()?;
        let (recipient, rest) = rest.split_first()?;
        let (link, url) = rest.split_first_chunk::<2>()?;
        let seen = match kind {
            b'o' => Seen::Opened,
            b'c' => {
                let url = String::from_utf8(url.to_vec()).ok().filter(|url| web(url).is_some())?;
                Seen::Clicked { link: u16::from_be_bytes(*link), url }
            }
            _ => return None,
        };
        Some(Self {
            tenant: TenantId::from_uuid(Uuid::from_bytes(*tenant)),
            email: EmailId::from_uuid(Uuid::from_bytes(*email)),
            recipient: Some(*recipient).filter(|place| *place != NOBODY),
            seen,
        })
    }
}

fn signature(payload: &str, secrets: &SecretKey) -> [u8; SIGNATURE] {
    let whole = secrets.hash(&format!("{PURPOSE}{payload}"));
    let mut kept = [0; SIGNATURE];
    kept.copy_from_slice(&whole[..SIGNATURE]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(seen: Seen) -> Trace {
        let at = "2024-01-15T10:30:00Z".parse().unwrap();
        Trace { tenant: TenantId::at(at), email: EmailId::at(at), recipient: Some(0), seen }
    }

    fn secrets(letter: &str) -> SecretKey {
        SecretKey::new(&letter.repeat(32)).unwrap()
    }

    #[test]
    fn what_is_written_can_be_read_and_is_the_same_each_time() {
        let url = "https://example.org/ä?a=b&c=d".to_owned();
        for seen in [Seen::Opened, Seen::Clicked { link: 300, url }] {
            for recipient in [Some(0), None] {
                let trace = Trace { recipient, ..trace(seen.clone()) };
                let token = trace.token(&secrets("a"));
                assert_eq!(Trace::read(&token, &secrets("a")), Some(trace.clone()));
                assert_eq!(token, trace.token(&secrets("a")));
            }
        }
    }

    #[test]
    fn nobody_else_makes_one_or_changes_one() {
        let url = "https://example.org/".to_owned();
        let token = trace(Seen::Clicked { link: 0, url }).token(&secrets("a"));
        assert_eq!(Trace::read(&token, &secrets("b")), None);
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'E' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(Trace::read(&other, &secrets("a")), None, "{other}");
        }
        for text in ["", ".", "a.b", &token[1..], &token[..token.len() - 1], &format!("{token}A")] {
            assert_eq!(Trace::read(text, &secrets("a")), None, "{text}");
        }
    }

    #[test]
    fn only_addresses_in_the_web_are_followed() {
        let url = "javascript:alert(1)".to_owned();
        let token = trace(Seen::Clicked { link: 0, url }).token(&secrets("a"));
        assert_eq!(Trace::read(&token, &secrets("a")), None);
    }
}
