//! What can happen to an API key.

use serde::{Deserialize, Serialize};

use crate::values::{HostName, KeyId, Permissions, Timestamp, TokenHash};

/// An API key's life. The token itself is never in here, only its keyed hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ApiKeyEvent {
    /// It opens doors from here on.
    #[serde(rename = "api_key.created")]
    Created(ApiKeyCreated),
    /// Another key took its place; this one stops at the given moment.
    #[serde(rename = "api_key.rotated")]
    Rotated {
        /// The key that took its place.
        successor: KeyId,
        /// The end of the grace period.
        expires_at: Timestamp,
    },
    /// It opens nothing any more.
    #[serde(rename = "api_key.revoked")]
    Revoked,
}

/// How a key began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyCreated {
    /// What its owner calls it.
    pub name: String,
    /// The keyed hash by which it is found.
    pub hash: TokenHash,
    /// The first characters, to tell keys apart in a list.
    pub prefix: String,
    /// What it may do; an admin's key may do everything and has none here.
    pub permissions: Permissions,
    /// When it stops by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// If given, it may send from these domains only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub allowed_domains: Option<Vec<HostName>>,
    /// The key that it took over from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub predecessor: Option<KeyId>,
}
