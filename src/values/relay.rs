//! Where a tenant's mail goes out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::serde_by_text;
use super::{HostName, Sealed};

/// A tenant's own relay; its password is sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relay {
    /// Its name or address.
    pub host: HostName,
    /// Its port.
    pub port: u16,
    /// Who logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With which password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sealed>,
    /// How the connection is kept from other eyes.
    pub tls: RelayTls,
    /// Connections at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_size: Option<u16>,
    /// Messages a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<f64>,
}

/// How a connection is kept from other eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RelayTls {
    /// In clear at first, then `STARTTLS` (RFC 3207), which must succeed.
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Not at all.
    None,
}

/// Why a text is no way to keep a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give starttls, implicit or none")]
pub struct RelayTlsError;

impl RelayTls {
    /// The port that relays of this kind usually have.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

impl fmt::Display for RelayTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::None => "none",
        })
    }
}

impl FromStr for RelayTls {
    type Err = RelayTlsError;

    fn from_str(text: &str) -> Result<Self, RelayTlsError> {
        match text {
            "starttls" => Ok(Self::StartTls),
            "implicit" => Ok(Self::Implicit),
            "none" => Ok(Self::None),
            _ => Err(RelayTlsError),
        }
    }
}

serde_by_text!(RelayTls);
