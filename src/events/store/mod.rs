//! The log itself: the few verbs that the rest of the house needs of it.
//!
//! Everything is appended by one writer a process, in turns at the one row of `log_head`, so positions
//! have no gaps and every guard is checked without a race.

pub mod append;
mod close;
mod contents;
mod guards;
pub mod history;
mod inline;
mod judge;
mod keys;
mod leavings;
mod load;
mod owner;
mod prepared;
pub mod read;
pub mod receipts;
mod rows;
mod sealing;
mod session;
mod stored;
mod turn;
mod vault;
pub mod verify;
mod write;
mod writer;

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::tasks::Tasks;
use crate::values::SecretKey;

use append::Waiting;
pub use inline::{Along, Inline};
pub use rows::{ReadError, Row};
use vault::Vault;

/// What a log is kept with.
pub struct Parts {
    /// Where it stands.
    pub pool: PgPool,
    /// Stamps facts.
    pub clock: Clock,
    /// Opens the tenants' keys.
    pub root: SecretKey,
}

/// The log. Clones share one writer.
#[derive(Clone)]
pub struct EventStore {
    pool: PgPool,
    clock: Clock,
    vault: Vault,
    queue: mpsc::Sender<Waiting>,
    head: watch::Sender<i64>,
}

impl EventStore {
    /// Starts the writer of this process; `root` opens the tenants' keys, and `inline` are kept in step with
    /// every append.
    ///
    /// `tasks` must be stopped after whatever appends, so that nothing is left in the queue.
    pub fn start(parts: Parts, inline: Vec<Arc<dyn Inline>>, tasks: &Tasks) -> Self {
        let (queue, requests) = mpsc::channel(append::QUEUE);
        let head = watch::Sender::new(0);
        let Parts { pool, clock, root } = parts;
        let store = Self { pool, clock, vault: Vault::new(root), queue, head };
        let writer = writer::Writer::new(&store, inline);
        tasks.spawn("log writer", writer.run(requests, tasks.stopping()));
        read::follow(store.pool.clone(), store.head.clone(), tasks);
        store
    }

    /// Says how far the log has grown: after an append here, a notice from another node, or a second.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }
}

/// True when the database is gone or about to go: what it did not take now it may take later.
pub fn is_outage(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Database(refusal) = error {
        // Classes of SQLSTATE: connection (08), resources (53), intervention (57), system (58); and a
        // session that was ended because it had been silent for too long (25P03).
        let classes = ["08", "53", "57", "58", "25P03"];
        return refusal.code().is_some_and(|code| classes.iter().any(|c| code.starts_with(c)));
    }
    !matches!(
        error,
        sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)
    )
}
