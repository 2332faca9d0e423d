//! JSON in, JSON out: one module a noun; whatever is refused leaves as a [`problem::Problem`].
//!
//! A handler parses, asks and answers. Who may do what is said in [`caller`]; how bodies are read in
//! [`body`] and [`field`]; what every answer has in common in [`door`] and [`observe`]. To add a route: its handler with
//! its `utoipa::path`, and its line in [`router`].

pub mod accept;
pub mod apart;
pub mod api_keys;
pub mod as_of;
pub mod audit;
pub mod body;
pub mod caller;
pub mod docs;
pub mod domains;
pub mod door;
pub mod emails;
pub mod field;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod json;
pub mod keyring;
pub mod logs;
pub mod observe;
pub mod outbox;
pub mod page;
mod probe_place;
pub mod problem;
pub mod query;
pub mod request_id;
pub mod router;
pub mod server;
pub mod smtp_test;
pub mod streams;
pub mod suppressions;
pub mod templates;
pub mod tenants;
pub mod tracking;
pub mod usage;
pub mod webhooks;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::audit::key::Signer;
use crate::clock::Clock;
use crate::commands::email::Senders;
use crate::commands::executor::Executor;
use crate::database::request_meter::RequestMeter;
use crate::mail::dns::Inspector;
use crate::mail::outbox::Outbox;
use crate::mail::transport::Routes;
use crate::notices::Poster;
use crate::projections::history::History;
use crate::values::{PublicUrl, SecretKey};
use keyring::Keyring;
use streams::Streams;
use templates::shelf::Shelf;

/// So many KiB of bodies may be in the house at once.
pub const BODY_ROOM: usize = 256 * 1024;

/// So many requests may be in the house at once; beyond them callers are told to come back.
pub const REQUEST_ROOM: usize = 4_096;

/// So many relays may be tried at once.
pub const PROBES: usize = 16;

/// So many readings of tracked mails are written down at once; what does not fit is not.
pub const READING_ROOM: usize = 32;

/// What handlers are given. Clones are the same.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

impl Api {
    /// Hands this to the handlers.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What handlers share.
pub struct Shared {
    /// The read tables.
    pub pool: PgPool,
    /// Whatever changes anything.
    pub commands: Executor,
    /// Who stands at the door.
    pub keyring: Keyring,
    /// Counts requests.
    pub meter: RequestMeter,
    /// The limit for tenants without their own.
    pub default_limit: Limit,
    /// Seals and opens.
    pub secrets: SecretKey,
    /// Signs tree heads.
    pub audit: Arc<Signer>,
    /// What time it is.
    pub clock: Clock,
    /// Which way mail goes, to try it.
    pub routes: Routes,
    /// The built-in relay, if mail goes there.
    pub outbox: Option<Outbox>,
    /// What was counted.
    pub metrics: PrometheusHandle,
    /// Room for requests.
    pub request_room: Arc<Semaphore>,
    /// So many readings of tracked mails at once: whoever reads has no key, and must not keep out who has.
    pub reading_room: Arc<Semaphore>,
    /// Room for bodies, in KiB.
    pub body_room: Arc<Semaphore>,
    /// Room for trials of relays.
    pub probes: Arc<Semaphore>,
    /// Writes long answers.
    pub streams: Streams,
    /// Tells what happened.
    pub history: History,
    /// Looks domains up.
    pub inspector: Inspector,
    /// From which of its domains a tenant may send.
    pub senders: Senders,
    /// Templates, parsed.
    pub shelf: Shelf,
    /// Tells webhooks, to try them.
    pub poster: Poster,
    /// Where recipients reach us; none: nothing can be tracked.
    pub public_url: Option<PublicUrl>,
}

/// So many requests in so long a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub requests: u64,
    /// In how long.
    pub window: Duration,
}
