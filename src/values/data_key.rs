//! The key of one tenant, with which whatever is personal in its facts is sealed.

use std::fmt;

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::{OpenError, SecretKey, TenantId};

/// A tenant's key. Once it is destroyed, nobody opens what was sealed with it.
#[derive(Clone)]
pub struct DataKey(Cipher);

impl DataKey {
    /// A new key.
    pub fn make() -> Self {
        Self(Cipher::new(rand::random()))
    }

    /// The key as it may be kept: sealed by the installation's key, for this tenant alone.
    pub fn wrapped(&self, tenant: TenantId, root: &SecretKey) -> Result<Vec<u8>, OpenError> {
        root.seal_bytes(&owner(tenant), self.0.key())
    }

    /// The key that was kept so.
    pub fn unwrap(tenant: TenantId, wrapped: &[u8], root: &SecretKey) -> Result<Self, OpenError> {
        let bytes = Zeroizing::new(root.open_bytes(&owner(tenant), wrapped)?);
        bytes.as_slice().try_into().map(|key| Self(Cipher::new(key))).map_err(|_| OpenError)
    }

    /// Seals a text; it opens in the same context only.
    pub fn seal(&self, context: &str, plain: &str) -> Result<String, OpenError> {
        self.0.seal_text(context, plain)
    }

    /// Opens such a text.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, OpenError> {
        self.0.open_text(context, sealed)
    }
}

fn owner(tenant: TenantId) -> String {
    format!("tenant_key/{tenant}")
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_wrapped_for_one_tenant_and_opens_in_one_context() {
        let root = SecretKey::new("0123456789abcdef0123456789abcdef").unwrap();
        let (one, other) = (TenantId::at(now()), TenantId::at(now()));
        let key = DataKey::make();
        let sealed = key.seal("fact/1", "ann@example.org").unwrap();
        let wrapped = key.wrapped(one, &root).unwrap();
        let again = DataKey::unwrap(one, &wrapped, &root).unwrap();
        assert_eq!(again.open("fact/1", &sealed).unwrap(), "ann@example.org");
        assert!(again.open("fact/2", &sealed).is_err());
        assert!(DataKey::unwrap(other, &wrapped, &root).is_err());
        assert!(DataKey::make().open("fact/1", &sealed).is_err());
    }

    fn now() -> crate::values::Timestamp {
        "2024-01-15T10:30:00Z".parse().unwrap()
    }
}
