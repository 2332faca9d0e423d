//! Connections are kept open between mails; so many a relay, and so many in all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::pace::Pace;
use super::route::{Route, RouteKey};

/// A connection that nobody needed for so long is closed: most relays do so soon after.
const IDLE: Duration = Duration::from_secs(20);

/// One relay may have a quarter of all connections.
const LARGEST_PART: usize = 4;

/// All relays' connections.
#[derive(Debug)]
pub(super) struct Pools {
    relays: Mutex<HashMap<RouteKey, Arc<Pool>>>,
    all: Arc<Semaphore>,
    /// No relay may have more of them than this: one that hangs would keep all others' mail.
    most_of_one: usize,
    /// How many wait for a place.
    waiting: AtomicUsize,
}

/// One relay's connections.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    slots: Arc<Semaphore>,
    pace: Option<Pace>,
}

/// An open connection; its places are free again when it is closed.
pub(super) struct Open {
    /// To speak on.
    pub(super) smtp: AsyncSmtpConnection,
    _one_of_all: OwnedSemaphorePermit,
    _counted: Counted,
}

struct Idle {
    open: Open,
    since: Instant,
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idle").field("since", &self.since).finish_non_exhaustive()
    }
}

/// Counts open connections for those who watch.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("selfmx_smtp_connections").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("selfmx_smtp_connections").decrement(1.0);
    }
}

/// Counts those who wait for a place, also if they give up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn told(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Pools {
    /// At most so many connections in all.
    pub(super) fn new(most: usize) -> Self {
        let (relays, waiting) = (Mutex::default(), AtomicUsize::new(0));
        let most_of_one = (most / LARGEST_PART).max(1);
        Self { relays, all: Arc::new(Semaphore::new(most.max(1))), most_of_one, waiting }
    }

    /// The relay's connections; those of older settings of the same owner are given up.
    pub(super) fn of(&self, route: &Route) -> Arc<Pool> {
        let mut pools = self.relays.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&route.key) {
            return Arc::clone(pool);
        }
        pools.retain(|known, _| !route.key.replaces(known));
        let pool = Arc::new(Pool {
            idle: Mutex::default(),
            slots: Arc::new(Semaphore::new(route.pool_size.clamp(1, self.most_of_one))),
            pace: route.messages_per_second.and_then(Pace::new),
        });
        pools.insert(route.key.clone(), Arc::clone(&pool));
        pool
    }

    /// A place for one more connection; an idle one of another relay makes room if need be.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.all).try_acquire_owned() {
            return Some(place);
        }
        // Told before we look, so that what becomes idle after we looked is not kept.
        let _waiting = Waiting::told(&self.waiting);
        self.close_an_idle_one();
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Keeps a connection for the next mail, unless its place is needed by another relay's.
    pub(super) fn keep(&self, pool: &Pool, open: Open) {
        pool.keep(open);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.close_an_idle_one();
        }
    }

    fn close_an_idle_one(&self) {
        let pools = self.relays.lock().unwrap_or_else(PoisonError::into_inner);
        for pool in pools.values() {
            if pool.take().is_some() {
                return;
            }
        }
    }

    /// Closes what has been idle for long and forgets relays without connections.
    pub(super) fn tidy(&self) {
        let now = Instant::now();
        let mut pools = self.relays.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|_, pool| {
            let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|one| now.duration_since(one.since) < IDLE);
            let paced = pool.pace.as_ref().is_some_and(|pace| !pace.is_at_rest(now));
            !idle.is_empty() || paced || Arc::strong_count(pool) > 1
        });
    }
}

impl Pool {
    /// Waits until the relay may be given one more mail.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
        Some(slot)
    }

    /// The connection that was used last, if one is still fresh.
    pub(super) fn take(&self) -> Option<Open> {
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|one| now.duration_since(one.since) < IDLE);
        idle.pop().map(|one| one.open)
    }

    fn keep(&self, open: Open) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle { open, since: Instant::now() });
    }
}

impl Open {
    /// A new connection in its place.
    pub(super) fn new(smtp: AsyncSmtpConnection, place: OwnedSemaphorePermit) -> Self {
        Self { smtp, _one_of_all: place, _counted: Counted::new() }
    }
}
