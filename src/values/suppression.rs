//! By what a suppressed address is named in the log, and why it is suppressed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Address, SecretKey, SuppressionId, TenantId};

/// What the key is for that names suppressed addresses.
const PURPOSE: &str = "selfmx suppression 1";

impl SuppressionId {
    /// The one of an address in a tenant. It is a keyed digest, so it tells nobody the address; and upper and
    /// lower case are the same mailbox.
    pub fn of(key: &SecretKey, tenant: TenantId, address: &Address) -> Self {
        let canonical = address.to_string().to_lowercase();
        let digest = key.mac_for(PURPOSE, &format!("{tenant} {canonical}"));
        let mut number = [0; 16];
        number.copy_from_slice(&digest[..16]);
        Self::from_uuid(uuid::Uuid::from_bytes(number))
    }
}

/// Why mail to an address is suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionReason {
    /// Its mailbox does not exist or is out of use.
    HardBounce,
    /// Its owner has called a mail of the tenant's spam.
    Complaint,
    /// The tenant wants it so.
    Manual,
}

impl SuppressionReason {
    /// Its name in requests, answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardBounce => "hard_bounce",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for SuppressionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give one of hard_bounce, complaint, manual")]
pub struct SuppressionReasonError;

impl FromStr for SuppressionReason {
    type Err = SuppressionReasonError;

    fn from_str(text: &str) -> Result<Self, SuppressionReasonError> {
        let each = [Self::HardBounce, Self::Complaint, Self::Manual];
        each.into_iter().find(|one| one.as_str() == text).ok_or(SuppressionReasonError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Timestamp;

    #[test]
    fn an_address_has_one_name_in_a_tenant_and_another_in_another() {
        let key = SecretKey::new("a secret of thirty-two characters").unwrap();
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let (acme, other) = (TenantId::at(now), TenantId::at(now));
        let id = |tenant, text: &str| SuppressionId::of(&key, tenant, &text.parse().unwrap());
        assert_eq!(id(acme, "Ann@Example.org"), id(acme, "ann@example.org"));
        assert_ne!(id(acme, "ann@example.org"), id(acme, "bob@example.org"));
        assert_ne!(id(acme, "ann@example.org"), id(other, "ann@example.org"));
    }
}
