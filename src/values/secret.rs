//! Secrets: kept out of sight, sealed for the disk, bound to whom they belong.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::cipher::{Cipher, VERSION};
use super::text::serde_by_text;

/// The shortest secret from which keys are made.
const SHORTEST: usize = 32;

/// A text that is shown nowhere and wiped from memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides this.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for whoever has to hand it over.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An encrypted text that only its owner's place can open. It may be shown, but is of no use.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl FromStr for Sealed {
    type Err = OpenError;

    fn from_str(text: &str) -> Result<Self, OpenError> {
        text.strip_prefix(VERSION).map(|_| Self(text.to_owned())).ok_or(OpenError)
    }
}

serde_by_text!(Sealed);

/// It was sealed with another key, for somebody else, or has been tampered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be opened: it was changed, or sealed with another key")]
pub struct OpenError;

/// Why a text is too weak to make keys from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give at least 32 characters")]
pub struct SecretKeyError;

/// The keys of the installation: what tokens are hashed with, and what is sealed for the disk. The
/// operator's secret opens them.
#[derive(Clone)]
pub struct SecretKey {
    sealing: Cipher,
    pepper: Zeroizing<[u8; 32]>,
}

impl SecretKey {
    /// Makes the keys from a secret, as the first version made them from the operator's.
    pub fn new(secret: &str) -> Result<Self, SecretKeyError> {
        if secret.len() < SHORTEST {
            return Err(SecretKeyError);
        }
        let derived = |purpose: &str| mac(secret.as_bytes(), purpose.as_bytes());
        Ok(Self {
            sealing: Cipher::new(derived("selfmx sealing 1")),
            pepper: Zeroizing::new(derived("selfmx pepper 1")),
        })
    }

    /// Seals a text; `owner` must be given again to open it.
    pub fn seal(&self, owner: &str, plain: &str) -> Result<Sealed, OpenError> {
        self.sealing.seal_text(owner, plain).map(Sealed)
    }

    /// Opens a sealed text.
    pub fn open(&self, owner: &str, sealed: &Sealed) -> Result<Secret, OpenError> {
        self.sealing.open_text(owner, &sealed.0).map(Secret::new)
    }

    /// Seals bytes.
    pub fn seal_bytes(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.sealing.seal(owner, plain)
    }

    /// Opens sealed bytes.
    pub fn open_bytes(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.sealing.open(owner, sealed)
    }

    /// The keys as bytes, to be wrapped.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([*self.sealing.key(), *self.pepper].concat())
    }

    /// From such bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, OpenError> {
        let (sealing, pepper) = bytes.split_at_checked(32).ok_or(OpenError)?;
        let key = |bytes: &[u8]| bytes.try_into().map_err(|_| OpenError);
        Ok(Self { sealing: Cipher::new(key(sealing)?), pepper: Zeroizing::new(key(pepper)?) })
    }

    /// A keyed hash that nobody without the key can check.
    pub fn hash(&self, text: &str) -> [u8; 32] {
        mac(&*self.pepper, text.as_bytes())
    }

    /// A keyed digest for one purpose alone: what is made for one is of no use for another.
    pub fn mac_for(&self, purpose: &str, text: &str) -> [u8; 32] {
        let key = Zeroizing::new(mac(&*self.pepper, purpose.as_bytes()));
        mac(&*key, text.as_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// HMAC-SHA-256.
pub(super) fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length: the other arm is never reached.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else { return [0; 32] };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn only_its_owners_place_opens_it() {
        let sealed = key().seal("tenant_a", "hunter2").unwrap();
        assert_eq!(key().open("tenant_a", &sealed).unwrap().expose(), "hunter2");
        assert!(key().open("tenant_b", &sealed).is_err());
        let other = SecretKey::new("another secret of 32 characters!").unwrap();
        assert!(other.open("tenant_a", &sealed).is_err());
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        assert_ne!(key().seal("a", "x").unwrap(), key().seal("a", "x").unwrap());
    }

    #[test]
    fn nothing_is_shown() {
        let sealed = key().seal("a", "hunter2").unwrap();
        let shown = format!("{:?} {:?} {sealed} {:?}", Secret::new("hunter2"), key(), sealed);
        assert!(!shown.contains("hunter2"));
    }
}
