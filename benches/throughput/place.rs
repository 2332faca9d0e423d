//! Where measuring happens: a Postgres that waits for its disk, and the tools beside it.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use anyhow::Context as _;
use selfmx::clock::Clock;
use selfmx::database::migrate;
use selfmx::events::store::{EventStore, Inline, Parts};
use selfmx::tasks::Tasks;
use selfmx::values::SecretKey;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

/// The database in which a million facts are; its read models grow when the rebuild is measured.
pub(crate) const GROWN: &str = "bench_grown";

/// How much has happened before it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Past {
    /// Nothing.
    None,
    /// A million facts; they are there once the rebuild was measured.
    Long,
}

/// A Postgres in which databases can be made.
pub(crate) struct Place {
    options: PgConnectOptions,
    /// As `libpq` takes it.
    url: String,
}

impl Place {
    /// By the environment, as `make bench` sets it.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let url = env("DATABASE_URL").context("run make bench, or set DATABASE_URL")?;
        let options = PgConnectOptions::from_str(&url)?.disable_statement_logging();
        Ok(Self { options, url })
    }

    /// An empty, migrated database of this name.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<PgPool> {
        let mut connection = self.options.connect().await?;
        for statement in
            [format!("drop database if exists {name} (force)"), format!("create database {name}")]
        {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        let pool = self.open(name).await?;
        migrate::run(&pool).await?;
        Ok(pool)
    }

    /// A copy of a database that nobody uses just now.
    pub(crate) async fn copy(&self, name: &str, of: &str) -> anyhow::Result<PgPool> {
        let mut connection = self.options.connect().await?;
        for statement in [
            format!("drop database if exists {name} (force)"),
            format!("create database {name} template {of}"),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        self.open(name).await
    }

    /// A database that is there.
    pub(crate) async fn open(&self, name: &str) -> anyhow::Result<PgPool> {
        let pool = PgPoolOptions::new().max_connections(20);
        Ok(pool.connect_with(self.options.clone().database(name)).await?)
    }

    /// A database to measure in: an empty one, or one in which much has happened.
    pub(crate) async fn begin(&self, name: &str, past: Past) -> anyhow::Result<PgPool> {
        match past {
            Past::None => self.database(name).await,
            Past::Long => self.copy(name, GROWN).await,
        }
    }

    /// Where programs find a database of this name.
    pub(crate) fn url(&self, name: &str) -> String {
        let (before, after) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let server = before.rsplit_once('/').map_or(before, |(server, _)| server);
        format!("{server}/{name}?{after}")
    }
}

/// The log in a database, with the key of every measurement.
pub(crate) fn log(
    pool: &PgPool,
    inline: Vec<Arc<dyn Inline>>,
    tasks: &Tasks,
) -> anyhow::Result<EventStore> {
    let root = SecretKey::new("the secret of the benchmark, 32 characters")?;
    let parts = Parts { pool: pool.clone(), clock: Clock::system(), root };
    Ok(EventStore::start(parts, inline, tasks))
}

/// A program that `make bench` has found.
pub(crate) fn tool(variable: &str) -> anyhow::Result<PathBuf> {
    let path = env(variable).with_context(|| format!("{variable} is not set: run make bench"))?;
    Ok(PathBuf::from(path))
}

fn env(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark has no settings of the service")]
    std::env::var(name).ok()
}
