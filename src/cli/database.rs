//! The database of a command: an outside one, our own, or our own that a service is already running.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::clock::Clock;
use crate::config::Config;
use crate::database::embedded::{Embedded, EmbeddedError};
use crate::database::{self, Sharing, root_key, secret_file};
use crate::events::store::read::Reader;
use crate::events::store::{EventStore, Parts};
use crate::projections::inline;
use crate::tasks::Tasks;
use crate::values::{Secret, SecretKey, WrappingKey};

/// How long connections may take to say goodbye.
const CLOSING: Duration = Duration::from_millis(500);

/// An open database; to be closed, since our own ends with us.
pub(super) struct Database {
    pub(super) pool: PgPool,
    /// Where it is, in words for people.
    pub(super) place: String,
    embedded: Option<Embedded>,
}

impl Database {
    /// For a service, which must be alone with our own Postgres.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_some() {
            return Self::outside(config).await;
        }
        make_data_dir(config)?;
        let embedded = Embedded::start(&config.data_dir).await?;
        Self::own(config, Some(embedded)).await
    }

    /// For a command that may be given while a service runs.
    pub(super) async fn open_or_join(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_some() {
            return Self::outside(config).await;
        }
        make_data_dir(config)?;
        match Embedded::start(&config.data_dir).await {
            Ok(embedded) => Self::own(config, Some(embedded)).await,
            Err(EmbeddedError::InUse(_)) => Self::own(config, None).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn outside(config: &Config) -> anyhow::Result<Self> {
        let url = config.database_url.as_ref().map(Secret::expose).unwrap_or_default();
        let options = database::options_of(url).context("DATABASE_URL cannot be read")?;
        let name = options.get_database().unwrap_or("postgres");
        let place = format!("database {name} at {}:{}", options.get_host(), options.get_port());
        let pool = connected(config, options).await.with_context(|| place.clone())?;
        Ok(Self { pool, place, embedded: None })
    }

    async fn own(config: &Config, embedded: Option<Embedded>) -> anyhow::Result<Self> {
        let options = match &embedded {
            Some(embedded) => embedded.options(),
            None => Embedded::running(&config.data_dir)?,
        };
        let folder = config.data_dir.canonicalize().unwrap_or_else(|_| config.data_dir.clone());
        let place = format!("{} (with its own Postgres)", folder.display());
        match connected(config, options).await {
            Ok(pool) => Ok(Self { pool, place, embedded }),
            Err(error) => {
                if let Some(embedded) = embedded {
                    embedded.stop().await;
                }
                Err(error).context("our own Postgres does not answer")
            }
        }
    }

    /// Ends all connections, and our own Postgres if we started it.
    pub(super) async fn close(self) {
        // What was cut off may hold a connection still.
        let _ = tokio::time::timeout(CLOSING, self.pool.close()).await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

async fn connected(config: &Config, options: PgConnectOptions) -> sqlx::Result<PgPool> {
    let pool = config.pool;
    let sharing = Sharing { size: pool.size, timeout: pool.timeout, idle: pool.idle };
    database::connect(options, sharing).await
}

fn make_data_dir(config: &Config) -> anyhow::Result<()> {
    fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))
}

/// The operator's secret, or the one that is kept in the data folder.
pub(super) fn secret_key(config: &Config) -> anyhow::Result<WrappingKey> {
    match &config.secret_key {
        Some(key) => Ok(key.clone()),
        None => secret_file::load_or_make(&config.data_dir)
            .context("the file secret_key in the data folder cannot be read or made"),
    }
}

/// The log, for commands that write to it or follow it.
pub(super) fn log(pool: &PgPool, clock: &Clock, root: &SecretKey, tasks: &Tasks) -> EventStore {
    let (pool, clock, root) = (pool.clone(), clock.clone(), root.clone());
    EventStore::start(Parts { pool, clock, root }, inline(), tasks)
}

/// The log, for commands that only read it; the schema must be up to date.
pub(super) async fn log_reader(config: &Config, pool: &PgPool) -> anyhow::Result<Reader> {
    let root = root_key::open(pool, &secret_key(config)?).await?;
    Ok(Reader::new(pool.clone(), root))
}
