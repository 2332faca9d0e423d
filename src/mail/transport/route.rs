//! Which relay a mail goes by, with everything that is needed to reach it.

use std::time::Duration;

use crate::values::{HostName, RelayTls, Secret};

/// A relay, its password opened, and the limits that hold for it.
#[derive(Clone, Debug)]
pub struct Route {
    /// Resolved anew for each connection.
    pub host: HostName,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from other eyes.
    pub tls: RelayTls,
    /// User and password, if the relay wants them.
    pub login: Option<(String, Secret)>,
    /// Open connections at most, used or waiting to be used again.
    pub pool_size: usize,
    /// How many mails a second the relay takes.
    pub messages_per_second: Option<f64>,
    /// False: any certificate will do.
    pub tls_verify: bool,
    /// True: it may be in our own network.
    pub allow_private: bool,
    /// How long each step may take.
    pub timeout: Duration,
    /// Mails with the same key share connections.
    pub key: RouteKey,
}

/// Whose relay it is, and which version of its settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteKey {
    who: String,
    version: u64,
}

impl RouteKey {
    /// A higher version of the same owner's settings gets connections of its own, and the older
    /// ones are given up.
    pub fn new(who: impl Into<String>, version: u64) -> Self {
        Self { who: who.into(), version }
    }

    /// True if `other` holds older settings of the same owner.
    pub fn replaces(&self, other: &Self) -> bool {
        self.who == other.who && self.version > other.version
    }
}
