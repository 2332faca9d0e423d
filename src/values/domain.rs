//! A domain that a tenant sends from: its keys, and the DNS records by which the world knows them.

use serde::{Deserialize, Serialize};

use super::{DomainId, HostName, Sealed};

/// The keys that sign a domain's mail (RFC 6376): one of each algorithm that RFC 8463 asks signers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimKeys {
    /// RSA of 2048 bits, which every receiver can check.
    pub rsa: DkimKey,
    /// Ed25519, which is short and newer.
    pub ed25519: DkimKey,
}

/// One key that signs mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimKey {
    /// Under which name it stands in the DNS, before `._domainkey.`.
    pub selector: String,
    /// What stands there as `p=`, in base64.
    pub public_key: String,
    /// PKCS#8 in base64, sealed for the domain's id.
    pub private_key: Sealed,
}

/// A record that a domain should have in the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainRecord {
    /// The public half of its RSA key.
    DkimRsa,
    /// The public half of its Ed25519 key.
    DkimEd25519,
    /// Who may send in its name (RFC 7208).
    Spf,
    /// What receivers do with mail that is not signed (RFC 7489).
    Dmarc,
    /// Where bounces go.
    ReturnPath,
}

impl DomainRecord {
    /// Its name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DkimRsa => "dkim_rsa",
            Self::DkimEd25519 => "dkim_ed25519",
            Self::Spf => "spf",
            Self::Dmarc => "dmarc",
            Self::ReturnPath => "return_path",
        }
    }

    /// True if a domain without it is not verified: a signature whose key cannot be found does harm.
    pub fn is_required(self) -> bool {
        match self {
            Self::DkimRsa | Self::DkimEd25519 => true,
            Self::Spf | Self::Dmarc | Self::ReturnPath => false,
        }
    }
}

/// A domain as whoever sends must know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingDomain {
    /// Its id.
    pub id: DomainId,
    /// Its name.
    pub name: HostName,
    /// Whether its keys stand in the DNS, so that its mail is signed.
    pub verified: bool,
    /// Whether it is verified and its [`return_path`](DomainRecord::ReturnPath) stood in the DNS when that was looked
    /// up last, so that bounces of its mail go by a name of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub return_path: bool,
}
