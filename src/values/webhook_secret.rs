//! With what a webhook's notices are signed.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Secret;

/// How a secret begins that is written as Standard Webhooks have it.
const PREFIX: &str = "whsec_";

/// A secret that signs: `whsec_` and the base64 of 24 to 64 bytes (<https://www.standardwebhooks.com>), or
/// any text of the receiver's own.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Secret);

/// Why a text is no such secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSecretError {
    /// Too weak, or not to be typed.
    #[error("give 16 to 256 printable ASCII characters without spaces, or leave it out")]
    Text,
    /// It only looks like one of Standard Webhooks.
    #[error("after whsec_ give the base64 of 24 to 64 bytes")]
    NotBase64,
}

impl WebhookSecret {
    /// A new one, of 256 random bits.
    pub fn make() -> Self {
        let random = Zeroizing::new(rand::random::<[u8; 32]>());
        Self(Secret::new(format!("{PREFIX}{}", STANDARD.encode(*random))))
    }

    /// As its owner knows it.
    pub fn text(&self) -> &Secret {
        &self.0
    }

    /// The key of the Standard Webhooks signature: what the base64 stands for, or the text's own bytes.
    pub fn standard_key(&self) -> Zeroizing<Vec<u8>> {
        let text = self.0.expose();
        let decoded = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
        Zeroizing::new(decoded.unwrap_or_else(|| text.as_bytes().to_vec()))
    }
}

impl FromStr for WebhookSecret {
    type Err = WebhookSecretError;

    fn from_str(text: &str) -> Result<Self, WebhookSecretError> {
        if !(16..=256).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(WebhookSecretError::Text);
        }
        if let Some(rest) = text.strip_prefix(PREFIX) {
            let bytes = STANDARD.decode(rest).map_err(|_| WebhookSecretError::NotBase64)?;
            if !(24..=64).contains(&bytes.len()) {
                return Err(WebhookSecretError::NotBase64);
            }
        }
        Ok(Self(Secret::new(text)))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_one_is_read_as_standard_webhooks_have_it() {
        let made = WebhookSecret::make();
        assert_eq!(made.text().expose().parse(), Ok(made.clone()));
        assert_eq!(made.standard_key().len(), 32);
        assert_ne!(made, WebhookSecret::make());
    }

    #[test]
    fn ones_own_text_signs_as_it_is() {
        let own: WebhookSecret = "correct-horse-battery".parse().unwrap();
        assert_eq!(*own.standard_key(), b"correct-horse-battery");
        assert!(!format!("{own:?}").contains("horse"));
    }

    #[test]
    fn weak_ones_are_refused() {
        for text in ["", "short", "with a space in between", "tab\tis-not-printable!"] {
            assert_eq!(text.parse::<WebhookSecret>(), Err(WebhookSecretError::Text));
        }
        for text in ["whsec_not-base64-at-all", "whsec_c2hvcnQ=AAAAAAAA", "whsec_c2hvcnRlcg=="] {
            assert_eq!(text.parse::<WebhookSecret>(), Err(WebhookSecretError::NotBase64));
        }
    }
}
