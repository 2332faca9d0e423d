//! Which relay a mail goes by, with everything that is needed to reach it.

use std::time::Duration;

use crate::values::{HostName, OpenError, Relay, RelayTls, Secret, SecretKey};

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

/// What holds for every relay that says nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Open connections at most.
    pub pool_size: usize,
    /// False: any certificate will do.
    pub tls_verify: bool,
    /// True: relays may be in our own network.
    pub allow_private: bool,
    /// How long each step may take.
    pub timeout: Duration,
}

/// Finds the way for each owner's mail.
#[derive(Clone, Debug)]
pub struct Routes {
    shared: Route,
    defaults: Defaults,
    secrets: SecretKey,
}

impl Routes {
    /// By `shared` for all who have no relay of their own.
    pub fn new(shared: Route, defaults: Defaults, secrets: SecretKey) -> Self {
        Self { shared, defaults, secrets }
    }

    /// The way for those who have no relay of their own.
    pub fn shared(&self) -> &Route {
        &self.shared
    }

    /// The way by somebody's own relay, whose settings have this version.
    pub fn own(&self, owner: &str, version: u64, relay: &Relay) -> Result<Route, OpenError> {
        let login = match (&relay.user, &relay.password) {
            (Some(user), Some(sealed)) => Some((user.clone(), self.secrets.open(owner, sealed)?)),
            (Some(_) | None, _) => None,
        };
        Ok(Route {
            host: relay.host.clone(),
            port: relay.port,
            tls: relay.tls,
            login,
            pool_size: relay.pool_size.map_or(self.defaults.pool_size, usize::from),
            messages_per_second: relay.messages_per_second,
            tls_verify: self.defaults.tls_verify,
            allow_private: self.defaults.allow_private,
            timeout: self.defaults.timeout,
            key: RouteKey::new(owner, version),
        })
    }
}
