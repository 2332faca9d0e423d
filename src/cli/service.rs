//! The rooms, joined: what a process that serves is made of, and in which order it ends.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::audit_key;
use super::first_key::AdminKeys;
use crate::clock::Clock;
use crate::commands::email::{RetrySchedule, Senders};
use crate::commands::executor::Executor;
use crate::config::{Config, SharedRelay};
use crate::database::request_meter::RequestMeter;
use crate::database::root_key;
use crate::events::store::{self, EventStore};
use crate::http::keyring::Keyring;
use crate::http::router::{Serves, router};
use crate::http::streams::Streams;
use crate::http::templates::shelf::Shelf;
use crate::http::{Api, BODY_ROOM, Limit, PROBES, READING_ROOM, REQUEST_ROOM, Shared, server};
use crate::mail::dns::{Inspector, Plan, Resolver};
use crate::mail::outbox::Outbox;
use crate::mail::transport::{Defaults, Route, RouteKey, Routes, Smtp};
use crate::notices::{self, Poster, SystemLookup};
use crate::projections::history::History;
use crate::projections::rebuild::stale;
use crate::projections::runner::Runner;
use crate::projections::{all, following, inline};
use crate::reactors::delivery::{Delivery, Signing};
use crate::reactors::webhooks::Webhooks;
use crate::reactors::{
    bounces, domains, erasure, housekeeping, orphans, reputation, suppressor, usage_meter,
};
use crate::tasks::Tasks;
use crate::values::{HostName, RelayTls, ReturnPath, Secret, SecretKey, WrappingKey};

/// How long requests under way may take to end.
const DRAIN: Duration = Duration::from_millis(2_500);

/// How long mail on the wire, and the facts about it, may take.
const LAND: Duration = Duration::from_millis(4_500);

/// A notice stays with a node that is heard of no more for so much longer than a try may take.
const SPARE: Duration = Duration::from_secs(50);

/// How long the last facts may take to be written.
const WRITE: Duration = Duration::from_secs(1);

/// Histograms keep every observation until somebody folds them.
const FOLDING: Duration = Duration::from_secs(5);

/// What a service is made from.
pub struct Parts<'a> {
    /// All settings.
    pub config: &'a Config,
    /// A migrated database.
    pub pool: PgPool,
    /// Opens the installation's key.
    pub secret: WrappingKey,
    /// What time it is.
    pub clock: Clock,
    /// Shows what was counted.
    pub metrics: PrometheusHandle,
}

/// A running service.
pub struct Service {
    /// What handlers share.
    pub api: Api,
    /// The routes.
    pub router: Router,
    /// Where bounces and complaints are taken in, if they are.
    pub bounces: Option<SocketAddr>,
    /// Callers: they end first.
    front: Tasks,
    /// Whatever works by itself.
    back: Tasks,
    /// What all of them write to: it ends last.
    base: Tasks,
}

impl Service {
    /// Starts whatever the process's roles ask for; it does not listen yet.
    pub async fn start(parts: Parts<'_>) -> anyhow::Result<Self> {
        let (front, back, base) = (Tasks::new(), Tasks::new(), Tasks::new());
        let config = parts.config;
        let outbox = outbox(config, &parts.clock, &base).await?;
        let secrets = root_key::open(&parts.pool, &parts.secret).await?;
        let ways = routes(config, outbox.as_ref(), &secrets)?;
        let audit = audit_key::load_or_make(&parts.pool, &secrets, &parts.clock).await?;
        let (pool, clock, root) = (parts.pool.clone(), parts.clock.clone(), secrets.clone());
        let store = EventStore::start(store::Parts { pool, clock, root }, inline(), &base);
        let api = Api::new(Shared {
            history: History::new(store.clone(), parts.pool.clone()),
            keyring: Keyring::start(
                parts.pool.clone(),
                secrets.clone(),
                parts.clock.clone(),
                &back,
            ),
            meter: RequestMeter::start(parts.pool.clone(), &base),
            commands: Executor::new(store, parts.clock.clone()),
            pool: parts.pool,
            default_limit: Limit {
                requests: u64::from(config.rate_limit.requests),
                window: config.rate_limit.window,
            },
            secrets,
            audit,
            clock: parts.clock,
            routes: ways,
            outbox,
            metrics: parts.metrics,
            request_room: Arc::new(Semaphore::new(REQUEST_ROOM)),
            reading_room: Arc::new(Semaphore::new(READING_ROOM)),
            body_room: Arc::new(Semaphore::new(BODY_ROOM)),
            probes: Arc::new(Semaphore::new(PROBES)),
            streams: Streams::new(&front),
            inspector: inspector(config),
            senders: senders(config),
            shelf: Shelf::default(),
            poster: poster(config)?,
            public_url: config.public_url.clone(),
        });
        start_roles(config, &api, &back);
        let bounces = listen_for_bounces(config, &api, &front).await?;
        fold_metrics(api.metrics.clone(), &base);
        let serves = if config.roles.api { Serves::Api } else { Serves::Operations };
        let router = router(&api, serves, &config.cors_origins);
        Ok(Self { api, router, bounces, front, back, base })
    }

    /// Sees to it that there is an admin key: the operator's own, or one that is made now; then its
    /// token is the answer, to be shown this once.
    pub async fn ensure_admin_key(&self, set: Option<&Secret>) -> anyhow::Result<Option<Secret>> {
        let keys = AdminKeys {
            pool: &self.api.pool,
            commands: &self.api.commands,
            secrets: &self.api.secrets,
            clock: &self.api.clock,
            actor: "selfmx serve",
        };
        keys.ensure(set).await
    }

    /// Takes callers in.
    pub fn listen(&self, listener: TcpListener) {
        server::start(listener, self.router.clone(), &self.front);
    }

    /// Ends in order: callers, then whatever works by itself, then what all of them write to.
    pub async fn stop(self) {
        for (tasks, within, what) in [
            (self.front, DRAIN, "requests"),
            (self.back, LAND, "background work"),
            (self.base, WRITE, "the log's writer"),
        ] {
            if !tasks.stop(within).await {
                tracing::warn!(what, "some of it had to be cut off");
            }
        }
    }
}

fn start_roles(config: &Config, api: &Api, tasks: &Tasks) {
    let store = api.commands.store();
    if config.roles.projector {
        Runner::start(following(), &api.pool, store, &api.clock, tasks);
        stale::start(all(), store.reader(), &api.clock, tasks);
        let kept = config.content_retention;
        housekeeping::start(store.clone(), api.meter.clone(), api.clock.clone(), kept, tasks);
        erasure::start(api.pool.clone(), store.clone(), api.clock.clone(), tasks);
        reputation::start(api.pool.clone(), api.commands.clone(), tasks);
        suppressor::start(api.pool.clone(), api.commands.clone(), api.secrets.clone(), tasks);
        domains::start(api.pool.clone(), api.commands.clone(), api.inspector.clone(), tasks);
    }
    if config.roles.projector || config.roles.api {
        usage_meter::start(api.meter.clone(), api.commands.clone(), tasks);
    }
    if config.roles.delivery {
        orphans::start(api.pool.clone(), api.commands.clone(), tasks);
        let retry = RetrySchedule {
            attempts: config.queue.retry_attempts,
            delay: config.queue.retry_delay,
        };
        let delivery = Delivery {
            pool: api.pool.clone(),
            commands: api.commands.clone(),
            secrets: api.secrets.clone(),
            routes: api.routes.clone(),
            smtp: Smtp::default(),
            retry,
            workers: config.queue.workers,
            lease: config.queue.lease,
            clock: api.clock.clone(),
            return_path: return_path(config, &api.secrets),
            signing: Signing::new(api.commands.clone(), api.secrets.clone()),
            public_url: config.public_url.clone(),
            senders: api.senders,
        };
        delivery.start(tasks);
    }
    if config.roles.webhooks {
        let webhooks = Webhooks {
            pool: api.pool.clone(),
            commands: api.commands.clone(),
            secrets: api.secrets.clone(),
            poster: api.poster.clone(),
            workers: config.webhooks.workers,
            lease: config.webhooks.timeout + SPARE,
            clock: api.clock.clone(),
        };
        webhooks.start(tasks);
    }
}

fn poster(config: &Config) -> anyhow::Result<Poster> {
    let settings = notices::Settings {
        timeout: config.webhooks.timeout,
        allow_private: config.webhooks.allow_private,
    };
    Ok(Poster::new(settings, Arc::new(SystemLookup))?)
}

async fn listen_for_bounces(
    config: &Config,
    api: &Api,
    tasks: &Tasks,
) -> anyhow::Result<Option<SocketAddr>> {
    let path = return_path(config, &api.secrets);
    let (Some(address), Some(path)) = (config.bounce_listen, path) else { return Ok(None) };
    let listening = bounces::listen(address, api.commands.clone(), path, tasks).await;
    let address =
        listening.with_context(|| format!("BOUNCE_LISTEN: cannot listen on {address}"))?;
    tracing::info!(%address, "takes in bounces and complaints");
    Ok(Some(address))
}

fn return_path(config: &Config, secrets: &SecretKey) -> Option<ReturnPath> {
    let domain = config.return_path_domain.clone()?;
    Some(ReturnPath::new(domain, secrets.clone()))
}

/// Without a relay, mail is caught.
async fn outbox(config: &Config, clock: &Clock, tasks: &Tasks) -> anyhow::Result<Option<Outbox>> {
    if config.relay.is_some() {
        return Ok(None);
    }
    let outbox = Outbox::start(clock.clone(), tasks).await;
    outbox.map(Some).context("the built-in outbox cannot listen")
}

fn routes(config: &Config, outbox: Option<&Outbox>, secrets: &SecretKey) -> anyhow::Result<Routes> {
    let caught;
    let relay = match (&config.relay, outbox) {
        (Some(relay), _) => relay,
        (None, Some(outbox)) => {
            caught = SharedRelay {
                host: HostName::relay_host(&outbox.address().ip().to_string())?,
                port: outbox.address().port(),
                login: None,
                tls: RelayTls::None,
                messages_per_second: None,
            };
            &caught
        }
        (None, None) => anyhow::bail!("there is neither a relay nor an outbox"),
    };
    let shared = Route {
        host: relay.host.clone(),
        port: relay.port,
        tls: relay.tls,
        login: relay.login.clone(),
        pool_size: config.smtp.pool_size,
        messages_per_second: relay.messages_per_second,
        tls_verify: config.smtp.tls_verify,
        // The operator has said where it is; tenants have not.
        allow_private: true,
        timeout: config.smtp.timeout,
        key: RouteKey::new("shared", 0),
    };
    let defaults = Defaults {
        pool_size: config.smtp.pool_size,
        tls_verify: config.smtp.tls_verify,
        allow_private: config.smtp.allow_private,
        timeout: config.smtp.timeout,
    };
    Ok(Routes::new(shared, defaults, secrets.clone()))
}

fn senders(config: &Config) -> Senders {
    if config.require_verified_domains { Senders::Verified } else { Senders::Owned }
}

/// Whoever gives bounces a domain says there who may send; else it is the shared relay.
fn inspector(config: &Config) -> Inspector {
    let relay = config.relay.as_ref().map(|relay| relay.host.as_str());
    let spf = match (&config.return_path_domain, relay.map(|host| (host, host.parse()))) {
        (Some(domain), _) => format!("include:{domain}"),
        (None, Some((_, Ok(IpAddr::V4(address))))) => format!("ip4:{address}"),
        (None, Some((_, Ok(IpAddr::V6(address))))) => format!("ip6:{address}"),
        (None, Some((host, Err(_)))) => format!("a:{host}"),
        (None, None) => "mx".to_owned(),
    };
    let plan = Plan { return_path: config.return_path_domain.clone(), spf };
    Inspector::new(Resolver::new(&config.dns_servers), plan)
}

fn fold_metrics(metrics: PrometheusHandle, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("metrics", async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(FOLDING) => metrics.run_upkeep(),
            }
        }
    });
}
