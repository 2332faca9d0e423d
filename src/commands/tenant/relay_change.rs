//! How a change of SMTP settings merges into those that there are.

use super::Change;
use crate::values::{HostName, Relay, RelayTls, Sealed};

/// Changes of single settings of a relay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelayChange {
    /// Its name or address.
    pub host: Option<HostName>,
    /// Its port; cleared: the usual one.
    pub port: Change<u16>,
    /// Who logs in.
    pub user: Change<String>,
    /// With which password.
    pub password: Change<Sealed>,
    /// How the connection is kept from other eyes; cleared: `STARTTLS`.
    pub tls: Change<RelayTls>,
    /// Connections at most.
    pub pool_size: Change<u16>,
    /// Messages a second at most.
    pub messages_per_second: Change<f64>,
}

/// Why the settings do not make a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayFault {
    /// Nobody knows where it is.
    #[error("a relay needs a host")]
    NoHost,
    /// A user alone cannot log in.
    #[error("a user needs a password: give both or neither")]
    NoPassword,
    /// A password alone cannot log in.
    #[error("a password needs a user: give both or neither")]
    NoUser,
    /// A password must not travel in clear where everybody can read it.
    #[error("a new host needs its password given anew")]
    PasswordForOtherHost,
}

impl RelayFault {
    /// The field to mend.
    pub fn field(self) -> &'static str {
        match self {
            Self::NoHost => "smtp.host",
            Self::NoPassword | Self::PasswordForOtherHost => "smtp.pass",
            Self::NoUser => "smtp.user",
        }
    }
}

impl RelayChange {
    /// The relay afterwards.
    pub fn over(&self, now: Option<&Relay>) -> Result<Relay, RelayFault> {
        let host = self.host.as_ref().or(now.map(|relay| &relay.host)).cloned();
        let host = host.ok_or(RelayFault::NoHost)?;
        let tls = self.tls.over(now.map(|relay| &relay.tls)).unwrap_or(RelayTls::StartTls);
        let user = self.user.over(now.and_then(|relay| relay.user.as_ref()));
        let password = self.password.over(now.and_then(|relay| relay.password.as_ref()));
        let kept = self.password == Change::Keep && password.is_some();
        match (&user, &password) {
            (Some(_), None) => return Err(RelayFault::NoPassword),
            (None, Some(_)) => return Err(RelayFault::NoUser),
            // Else whoever may change the host could have the password sent to a host of his own.
            (Some(_), Some(_)) if kept && now.is_some_and(|relay| relay.host != host) => {
                return Err(RelayFault::PasswordForOtherHost);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let port = match &self.port {
            Change::Keep => now.map_or(tls.usual_port(), |relay| relay.port),
            Change::Clear => tls.usual_port(),
            Change::Set(port) => *port,
        };
        let pool_size = self.pool_size.over(now.and_then(|relay| relay.pool_size.as_ref()));
        let pace = now.and_then(|relay| relay.messages_per_second.as_ref());
        let messages_per_second = self.messages_per_second.over(pace);
        Ok(Relay { host, port, user, password, tls, pool_size, messages_per_second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> HostName {
        HostName::relay_host(name).unwrap()
    }

    #[test]
    fn a_host_alone_makes_a_relay_with_the_usual_port() {
        let change = RelayChange { host: Some(host("smtp.acme.com")), ..RelayChange::default() };
        let relay = change.over(None).unwrap();
        assert_eq!((relay.port, relay.tls), (587, RelayTls::StartTls));
        let change = RelayChange { tls: Change::Set(RelayTls::Implicit), ..change };
        assert_eq!(change.over(None).unwrap().port, 465);
    }

    #[test]
    fn what_is_absent_stays() {
        let first = RelayChange {
            host: Some(host("smtp.acme.com")),
            port: Change::Set(2525),
            pool_size: Change::Set(3),
            ..RelayChange::default()
        };
        let relay = first.over(None).unwrap();
        let second = RelayChange { pool_size: Change::Clear, ..RelayChange::default() };
        let relay = second.over(Some(&relay)).unwrap();
        assert_eq!((relay.port, relay.pool_size), (2525, None));
    }

    #[test]
    fn a_relay_without_a_host_is_none() {
        assert_eq!(RelayChange::default().over(None), Err(RelayFault::NoHost));
    }

    #[test]
    fn a_user_needs_a_password() {
        let change = RelayChange {
            host: Some(host("smtp.acme.com")),
            user: Change::Set("noreply".to_owned()),
            ..RelayChange::default()
        };
        assert_eq!(change.over(None), Err(RelayFault::NoPassword));
    }
}
