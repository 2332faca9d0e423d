//! `selfmx serve`: starts everything, says where it is, and ends it in order.

use std::net::SocketAddr;

use anyhow::Context as _;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::banner::Banner;
use super::database::{Database, secret_key};
use super::service::{Parts, Service};
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::database::migrate;
use crate::telemetry::{self, Format};
use crate::values::Secret;

/// Serves until SIGTERM or SIGINT; a second one ends it at once.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let format = match config.log_format {
        LogFormat::Json => Format::Json,
        LogFormat::Text => Format::Text,
    };
    let _logging = telemetry::init(&config.log_level, format);
    raise_open_files();
    let mut stop = Stop::new()?;
    let address = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("{address} cannot be listened on; PORT or --port names another")
    })?;
    let database = tokio::select! {
        opened = Database::open(config) => opened?,
        () = stop.asked() => return Ok(()),
    };
    let served = serve(config, &database, listener, &mut stop).await;
    tokio::select! {
        () = database.close() => {}
        () = stop.asked() => {}
    }
    served
}

async fn serve(
    config: &Config,
    database: &Database,
    listener: TcpListener,
    stop: &mut Stop,
) -> anyhow::Result<()> {
    prepare(config, database).await?;
    let (clock, secret) = (Clock::system(), secret_key(config)?);
    let metrics = telemetry::metrics::install().context("the metrics cannot be counted")?;
    let pool = database.pool.clone();
    let parts = Parts { config, pool, secret, clock, metrics };
    let service = Service::start(parts).await?;
    let key = service.ensure_admin_key(config.admin_api_key.as_ref()).await?;
    let url = format!("http://{}", listener.local_addr()?);
    service.listen(listener);
    show(config, database, &url, key.as_ref());
    stop.asked().await;
    tracing::info!("stopping");
    tokio::select! {
        () = service.stop() => {}
        () = stop.asked() => {}
    }
    Ok(())
}

/// Our own database is always brought up to date: nobody else would.
async fn prepare(config: &Config, database: &Database) -> anyhow::Result<()> {
    if config.auto_migrate || config.database_url.is_none() {
        return migrate::run(&database.pool).await.context("the migrations do not go through");
    }
    anyhow::ensure!(
        migrate::is_up_to_date(&database.pool).await?,
        "the database is not up to date, and DB_AUTO_MIGRATE is false: run selfmx migrate"
    );
    Ok(())
}

fn show(config: &Config, database: &Database, url: &str, key: Option<&Secret>) {
    let mail = match &config.relay {
        Some(relay) => format!("to {}:{}", relay.host, relay.port),
        None => format!("caught here, see {url}/dev/outbox; SMTP_HOST names a relay"),
    };
    let banner = Banner { url, data: &database.place, mail: &mail, key };
    banner.show(config.log_format);
    tracing::info!(url, "serving");
}

/// The wish of the outside that we end.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Each connection is an open file, and the usual limit of a shell is 1024.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}
