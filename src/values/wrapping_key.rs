//! The operator's secret: it opens the installation's own key, and does nothing else.

use std::fmt;

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::secret::{OpenError, SecretKeyError, mac};
use super::{Secret, SecretKey};

/// What the installation's key is wrapped for.
const OWNER: &str = "root_key";

/// Made from the operator's secret. It can be exchanged, since nothing but a key is sealed with it.
#[derive(Clone)]
pub struct WrappingKey {
    key: Cipher,
    fingerprint: String,
    /// The first version made all keys from the operator's secret itself.
    derived: SecretKey,
}

impl WrappingKey {
    /// From the operator's secret.
    pub fn new(secret: &Secret) -> Result<Self, SecretKeyError> {
        let derived = SecretKey::new(secret.expose())?;
        let made = |purpose: &str| mac(secret.expose().as_bytes(), purpose.as_bytes());
        let mut fingerprint = hex::encode(made("selfmx fingerprint 1"));
        fingerprint.truncate(16);
        Ok(Self { key: Cipher::new(made("selfmx wrapping 1")), fingerprint, derived })
    }

    /// Tells one secret from another and nothing of either.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The key of an installation that has none yet: the one that the first version used, so that whatever
    /// it sealed and hashed stays readable.
    pub fn derived(&self) -> &SecretKey {
        &self.derived
    }

    /// The installation's key as it may be kept.
    pub fn wrap(&self, root: &SecretKey) -> Result<Vec<u8>, OpenError> {
        self.key.seal(OWNER, &root.to_bytes())
    }

    /// The key that was kept so.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<SecretKey, OpenError> {
        let bytes = Zeroizing::new(self.key.open(OWNER, wrapped)?);
        SecretKey::from_bytes(&bytes)
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappingKey({})", self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> WrappingKey {
        WrappingKey::new(&Secret::new(secret)).unwrap()
    }

    #[test]
    fn another_secret_opens_what_was_wrapped_for_it_and_nothing_else() {
        let old = key("the former secret, of 32 characters!");
        let new = key("the new secret, also of 32 characters");
        let root = old.unwrap(&old.wrap(old.derived()).unwrap()).unwrap();
        let again = new.unwrap(&new.wrap(&root).unwrap()).unwrap();
        assert_eq!(again.hash("token"), old.derived().hash("token"));
        let sealed = old.derived().seal("a", "hunter2").unwrap();
        assert_eq!(again.open("a", &sealed).unwrap().expose(), "hunter2");
        assert!(new.unwrap(&old.wrap(&root).unwrap()).is_err());
        assert_ne!(new.fingerprint(), old.fingerprint());
    }

    #[test]
    fn nothing_of_the_secret_is_shown() {
        let shown = format!("{:?}", key("hunter2 hunter2 hunter2 hunter2 hunter2"));
        assert!(!shown.contains("hunter2"));
    }
}
