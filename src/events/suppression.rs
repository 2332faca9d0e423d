//! What can happen to an address to which mail may be suppressed.

use serde::{Deserialize, Serialize};

use crate::values::{Address, EmailId, Personal, SuppressionReason};

/// The life of one address on a tenant's suppression list; it can come and go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SuppressionEvent {
    /// Mail of the tenant's goes there no more.
    #[serde(rename = "suppression.added")]
    Added(SuppressionAdded),
    /// It goes there again.
    #[serde(rename = "suppression.removed")]
    Removed,
}

/// Why, and to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuppressionAdded {
    /// Why.
    pub reason: SuppressionReason,
    /// The mail that bounced or was complained of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<EmailId>,
    /// To whom.
    pub personal: Personal<Suppressed>,
}

/// Who gets nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// The address as it was written.
    pub address: Address,
}

impl SuppressionEvent {
    /// Forgets what is personal.
    pub(crate) fn erase(&mut self) {
        match self {
            Self::Added(added) => added.personal = Personal::Erased,
            Self::Removed => {}
        }
    }
}
