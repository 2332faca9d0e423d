//! How single settings are read: a wrong one is named, with what is wanted; a secret is never shown.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::{Config, ConfigErrors, LogFormat, PoolSettings, Roles, SharedRelay};
use crate::values::{HostName, PublicUrl, RelayTls, Secret, Token, WrappingKey};

pub(super) struct Reading<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, sentence: impl Into<String>) {
        self.faults.push(sentence.into());
    }

    pub(super) fn done(self, config: Config) -> Result<Config, ConfigErrors> {
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigErrors(self.faults)) }
    }

    /// An empty setting is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let text = self.text(name)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.fault(format!("{name} is {text:?}: give {wanted}"));
        }
        parsed
    }

    pub(super) fn number<T>(&mut self, name: &str, otherwise: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        match self.parsed::<T>(name, &wanted) {
            Some(number) if range.contains(&number) => number,
            Some(number) => {
                self.fault(format!("{name} is {number}: give {wanted}"));
                otherwise
            }
            None => otherwise,
        }
    }

    pub(super) fn seconds(
        &mut self,
        name: &str,
        otherwise: u64,
        range: RangeInclusive<u64>,
    ) -> Duration {
        Duration::from_secs(self.number(name, otherwise, range))
    }

    pub(super) fn flag(&mut self, name: &str, otherwise: bool) -> bool {
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None => otherwise,
            Some("true" | "1" | "yes") => true,
            Some("false" | "0" | "no") => false,
            Some(other) => {
                self.fault(format!("{name} is {other:?}: give true or false"));
                otherwise
            }
        }
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let each = text.split(',').map(|one| one.trim().to_owned());
        each.filter(|one| !one.is_empty()).collect()
    }

    pub(super) fn database_url(&mut self) -> Option<Secret> {
        let url = self.text("DATABASE_URL")?;
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            self.fault(
                "DATABASE_URL is not one of Postgres: give postgres://user:password@host/database",
            );
        }
        Some(Secret::new(url))
    }

    pub(super) fn pool(&mut self) -> PoolSettings {
        PoolSettings {
            size: self.number("DB_POOL_SIZE", 20, 5..=1_000),
            timeout: self.seconds("DB_POOL_TIMEOUT", 10, 1..=600),
            idle: self.seconds("DB_IDLE_TIMEOUT", 600, 1..=86_400),
        }
    }

    pub(super) fn admin_api_key(&mut self) -> Option<Secret> {
        let key = self.text("ADMIN_API_KEY")?;
        if !Token::looks_valid(&key) {
            let wanted = "32 characters or more without spaces; one that begins with sk_ must be one of ours";
            self.fault(format!("ADMIN_API_KEY cannot be used: give {wanted}"));
        }
        Some(Secret::new(key))
    }

    pub(super) fn secret_key(&mut self, name: &str) -> Option<WrappingKey> {
        let text = Secret::new(self.text(name)?);
        match WrappingKey::new(&text) {
            Ok(key) => Some(key),
            Err(error) => {
                self.fault(format!("{name} is too short: {error}"));
                None
            }
        }
    }

    pub(super) fn days(&mut self, name: &str) -> Option<Duration> {
        self.text(name)?;
        let days: u64 = self.number(name, 1, 1..=36_500);
        Some(Duration::from_secs(days * 86_400))
    }

    pub(super) fn public_url(&mut self) -> Option<PublicUrl> {
        let wanted =
            "https://host or http://host, perhaps with a port and a path, and nothing after it";
        self.parsed("PUBLIC_URL", wanted)
    }

    pub(super) fn domain(&mut self, name: &str) -> Option<HostName> {
        let text = self.text(name)?;
        let domain = HostName::domain(&text).ok();
        if domain.is_none() {
            self.fault(format!("{name} is {text:?}: give a domain, such as bounce.example.com"));
        }
        domain
    }

    pub(super) fn log_level(&mut self) -> String {
        let level = self.text("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
        if EnvFilter::try_new(&level).is_err() {
            self.fault(format!("LOG_LEVEL is {level:?}: give error, warn, info, debug or trace"));
        }
        level
    }

    pub(super) fn log_format(&mut self) -> LogFormat {
        match self.text("LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.fault(format!("LOG_FORMAT is {other:?}: give json or text"));
                LogFormat::Text
            }
        }
    }

    pub(super) fn relay(&mut self) -> Option<SharedRelay> {
        let tls = self.parsed("SMTP_TLS", "starttls, implicit or none").unwrap_or_default();
        let port = self.number("SMTP_PORT", usual_port(tls), 1..=u16::MAX);
        let messages_per_second = self.pace();
        let (user, password) = (self.text("SMTP_USER"), self.text("SMTP_PASS"));
        let text = self.text("SMTP_HOST")?;
        let host = match HostName::relay_host(&text) {
            Ok(host) => host,
            Err(error) => {
                self.fault(format!("SMTP_HOST is {text:?}: {error}"));
                return None;
            }
        };
        let login = match (user, password) {
            (Some(user), Some(password)) => Some((user, Secret::new(password))),
            (None, None) => None,
            (Some(_), None) => {
                self.fault("SMTP_USER is set but SMTP_PASS is not: give both or neither");
                None
            }
            (None, Some(_)) => {
                self.fault("SMTP_PASS is set but SMTP_USER is not: give both or neither");
                None
            }
        };
        Some(SharedRelay { host, port, login, tls, messages_per_second })
    }

    fn pace(&mut self) -> Option<f64> {
        let wanted = "a number above zero";
        let pace = self.parsed::<f64>("SMTP_MESSAGES_PER_SECOND", wanted)?;
        if pace.is_finite() && pace > 0.0 {
            return Some(pace);
        }
        self.fault(format!("SMTP_MESSAGES_PER_SECOND is {pace}: give {wanted}"));
        None
    }
    pub(super) fn addresses(&mut self, name: &str) -> Vec<SocketAddr> {
        let mut all = Vec::new();
        for text in self.list(name) {
            match text.parse() {
                Ok(address) => all.push(address),
                Err(_) => self.fault(format!(
                    "{name} names {text:?}: give addresses with ports, such as 192.0.2.1:53"
                )),
            }
        }
        all
    }

    pub(super) fn roles(&mut self) -> Roles {
        let named = self.list("ROLES");
        let known = ["api", "delivery", "projector", "webhooks"];
        for role in named.iter().filter(|role| !known.contains(&role.as_str())) {
            self.faults.push(format!("ROLES names {role:?}: give some of {}", known.join(", ")));
        }
        let has = |role: &str| named.is_empty() || named.iter().any(|one| one == role);
        Roles {
            api: has("api"),
            delivery: has("delivery"),
            projector: has("projector"),
            webhooks: has("webhooks"),
        }
    }
}

/// Submission's usual port (RFC 6409) unless TLS comes first.
fn usual_port(tls: RelayTls) -> u16 {
    match tls {
        RelayTls::Implicit => 465,
        RelayTls::StartTls | RelayTls::None => 587,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let settings: HashMap<&str, &str> = settings.iter().copied().collect();
        Config::read(&|name| settings.get(name).map(|&text| text.to_owned()))
    }

    #[test]
    fn without_any_setting_everything_has_a_value() {
        let config = read(&[]).unwrap();
        assert_eq!(config.port, 8080);
        assert!(config.relay.is_none() && config.database_url.is_none());
        assert_eq!(config.rate_limit.requests, 100);
        assert!(config.roles.api && config.roles.delivery && config.roles.projector);
    }

    #[test]
    fn all_wrong_values_are_named_at_once() {
        let ConfigErrors(faults) = read(&[
            ("PORT", "eighty"),
            ("QUEUE_WORKERS", "0"),
            ("SMTP_TLS", "ssl"),
            ("DB_AUTO_MIGRATE", "maybe"),
            ("ROLES", "api,cook"),
        ])
        .unwrap_err();
        for (name, fault) in
            ["PORT", "DB_AUTO_MIGRATE", "QUEUE_WORKERS", "SMTP_TLS", "ROLES"].iter().zip(&faults)
        {
            assert!(fault.starts_with(name), "{fault}");
        }
        assert_eq!(faults.len(), 5);
    }

    #[test]
    fn where_bounces_come_in_needs_the_domain_to_which_they_go() {
        let ConfigErrors(faults) = read(&[("BOUNCE_LISTEN", "0.0.0.0:25")]).unwrap_err();
        assert!(faults[0].starts_with("RETURN_PATH_DOMAIN must be set"), "{faults:?}");
        let wrong = [("BOUNCE_LISTEN", "25"), ("RETURN_PATH_DOMAIN", "bounce example")];
        let ConfigErrors(faults) = read(&wrong).unwrap_err();
        assert!(faults.iter().any(|fault| fault.starts_with("BOUNCE_LISTEN is")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.starts_with("RETURN_PATH_DOMAIN is")));
        let right =
            [("BOUNCE_LISTEN", "127.0.0.1:25"), ("RETURN_PATH_DOMAIN", "Bounce.example.com")];
        let config = read(&right).unwrap();
        assert_eq!(config.return_path_domain.unwrap().as_str(), "bounce.example.com");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let errors = read(&[("SECRET_KEY", "hunter2"), ("ADMIN_API_KEY", "hunter2")]).unwrap_err();
        assert!(!errors.to_string().contains("hunter2"));
        let config = read(&[("ADMIN_API_KEY", "hunter2-hunter2-hunter2-hunter2!")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn an_outside_database_needs_the_operators_secret() {
        let errors = read(&[("DATABASE_URL", "postgres://localhost/x")]).unwrap_err();
        assert!(errors.to_string().contains("SECRET_KEY"));
    }
}
