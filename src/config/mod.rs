//! Every setting, read once; a wrong value stops the start with a sentence that names it.

mod reading;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use reading::Reading;

use crate::values::{HostName, PublicUrl, RelayTls, Secret, WrappingKey};

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where we listen.
    pub host: IpAddr,
    /// On which port.
    pub port: u16,
    /// Where everything is that must not be lost.
    pub data_dir: PathBuf,
    /// An outside database; none: our own.
    pub database_url: Option<Secret>,
    /// The database's connections.
    pub pool: PoolSettings,
    /// Whether `serve` migrates.
    pub auto_migrate: bool,
    /// The operator's own admin key.
    pub admin_api_key: Option<Secret>,
    /// Opens the installation's key; none: made once and kept in the data folder.
    pub secret_key: Option<WrappingKey>,
    /// What is to open it from now on: for `secret-key rotate` only.
    pub new_secret_key: Option<WrappingKey>,
    /// How long what mails said is kept; none: as long as the mails.
    pub content_retention: Option<Duration>,
    /// How much is logged: a filter as `tracing` has it.
    pub log_level: String,
    /// How it looks.
    pub log_format: LogFormat,
    /// Web pages from elsewhere that may call us.
    pub cors_origins: Vec<String>,
    /// Requests in a window, for tenants without a limit of their own.
    pub rate_limit: RequestLimit,
    /// The delivery.
    pub queue: QueueSettings,
    /// How relays are spoken to.
    pub smtp: SmtpSettings,
    /// The shared relay; none: the built-in outbox.
    pub relay: Option<SharedRelay>,
    /// What this process does.
    pub roles: Roles,
    /// The domain to which bounces go; none: they go to whoever sent the mail.
    pub return_path_domain: Option<HostName>,
    /// Where we listen for bounces and complaints; none: nowhere.
    pub bounce_listen: Option<SocketAddr>,
    /// The name servers by which domains are verified; none: the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// Whether mail leaves only from domains that are verified.
    pub require_verified_domains: bool,
    /// How webhooks are told.
    pub webhooks: WebhookSettings,
    /// Where recipients reach us; none: nothing can be tracked.
    pub public_url: Option<PublicUrl>,
}

/// The database's connections.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// At most so many.
    pub size: u32,
    /// How long to wait for one.
    pub timeout: Duration,
    /// How long an unused one is kept.
    pub idle: Duration,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Text,
}

/// So many requests in so long a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimit {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

/// The delivery.
#[derive(Clone, Copy, Debug)]
pub struct QueueSettings {
    /// Mails on their way at once.
    pub workers: usize,
    /// How often a mail is tried again.
    pub retry_attempts: u32,
    /// The first wait.
    pub retry_delay: Duration,
    /// How long mail stays with a node that is heard of no more.
    pub lease: Duration,
}

/// How relays are spoken to.
#[derive(Clone, Copy, Debug)]
pub struct SmtpSettings {
    /// For each step.
    pub timeout: Duration,
    /// Certificates are checked.
    pub tls_verify: bool,
    /// Connections to one relay.
    pub pool_size: usize,
    /// A tenant's relay may be in a private network.
    pub allow_private: bool,
}

/// The relay of all tenants without their own.
#[derive(Clone, Debug)]
pub struct SharedRelay {
    /// Its name or address.
    pub host: HostName,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// How the connection is kept.
    pub tls: RelayTls,
    /// How many mails a second it takes.
    pub messages_per_second: Option<f64>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a process has any of its roles, or all")]
pub struct Roles {
    /// It answers HTTP.
    pub api: bool,
    /// It delivers mail.
    pub delivery: bool,
    /// It grows read models.
    pub projector: bool,
    /// It tells webhooks.
    pub webhooks: bool,
}

/// How webhooks are told.
#[derive(Clone, Copy, Debug)]
pub struct WebhookSettings {
    /// Notices on their way at once.
    pub workers: usize,
    /// For each of them.
    pub timeout: Duration,
    /// A receiver may be in a private network.
    pub allow_private: bool,
}

/// Settings that the command line gives.
#[derive(Clone, Debug, Default)]
pub struct Overrides(Vec<(&'static str, String)>);

impl Overrides {
    /// With one more, if it is given.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.0.extend(value.map(|value| (name, value.to_owned())));
        self
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

/// All that is wrong with the settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(pub Vec<String>);

impl Config {
    /// Reads a `.env` file and the environment; the environment wins, and `overrides` over both.
    pub fn from_env(overrides: &Overrides) -> Result<Self, ConfigErrors> {
        match dotenvy::dotenv() {
            Ok(_) => {}
            Err(error) if error.not_found() => {}
            Err(error) => return Err(ConfigErrors(vec![format!(".env cannot be read: {error}")])),
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings")]
        Self::read(&|name| overrides.get(name).or_else(|| std::env::var(name).ok()))
    }

    /// Reads the settings from wherever they are.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut from = Reading::new(lookup);
        let config = Self {
            host: from.parsed("HOST", "an IP address").unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: from.parsed("PORT", "a port from 0 to 65535").unwrap_or(8080),
            data_dir: from.text("DATA_DIR").map_or_else(|| PathBuf::from("data"), PathBuf::from),
            database_url: from.database_url(),
            pool: from.pool(),
            auto_migrate: from.flag("DB_AUTO_MIGRATE", true),
            admin_api_key: from.admin_api_key(),
            secret_key: from.secret_key("SECRET_KEY"),
            new_secret_key: from.secret_key("NEW_SECRET_KEY"),
            content_retention: from.days("CONTENT_RETENTION_DAYS"),
            log_level: from.log_level(),
            log_format: from.log_format(),
            cors_origins: from.list("CORS_ORIGINS"),
            rate_limit: RequestLimit {
                requests: from.number("RATE_LIMIT_REQUESTS", 100, 1..=1_000_000_000),
                window: from.seconds("RATE_LIMIT_WINDOW", 60, 1..=86_400),
            },
            queue: QueueSettings {
                workers: from.number("QUEUE_WORKERS", 128, 1..=1_000),
                retry_attempts: from.number("QUEUE_RETRY_ATTEMPTS", 3, 0..=100),
                retry_delay: from.seconds("QUEUE_RETRY_DELAY", 60, 0..=86_400),
                lease: from.seconds("QUEUE_LEASE", 60, 1..=3_600),
            },
            smtp: SmtpSettings {
                timeout: from.seconds("SMTP_TIMEOUT", 30, 1..=600),
                tls_verify: from.flag("SMTP_TLS_VERIFY", true),
                pool_size: from.number("SMTP_POOL_SIZE", 10, 1..=100),
                allow_private: from.flag("SMTP_ALLOW_PRIVATE", false),
            },
            relay: from.relay(),
            roles: from.roles(),
            return_path_domain: from.domain("RETURN_PATH_DOMAIN"),
            bounce_listen: from
                .parsed("BOUNCE_LISTEN", "an address and a port, such as 0.0.0.0:25"),
            dns_servers: from.addresses("DNS_SERVERS"),
            require_verified_domains: from.flag("REQUIRE_VERIFIED_DOMAINS", false),
            webhooks: WebhookSettings {
                workers: from.number("WEBHOOK_WORKERS", 128, 1..=1_000),
                timeout: from.seconds("WEBHOOK_TIMEOUT", 10, 1..=60),
                allow_private: from.flag("WEBHOOK_ALLOW_PRIVATE", false),
            },
            public_url: from.public_url(),
        };
        config.missing(&mut from);
        from.done(config)
    }

    /// What must be set beside something else.
    fn missing(&self, from: &mut Reading<'_>) {
        if self.bounce_listen.is_some() && self.return_path_domain.is_none() {
            from.fault("RETURN_PATH_DOMAIN must be set when BOUNCE_LISTEN is: give the domain whose MX record leads there");
        }
        if self.database_url.is_some() && self.secret_key.is_none() {
            from.fault("SECRET_KEY must be set when DATABASE_URL is: give 32 characters or more, the same on every node");
        }
    }
}
