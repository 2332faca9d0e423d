//! Commits that do not wait for the disk, and those who wait for it all the same, but later.
//!
//! What is committed without waiting can be seen at once by every node, and is lost only if Postgres
//! itself dies within a moment. Whoever must not lose it waits, while it does other things, for a later
//! commit that did wait: the log of Postgres has one order. If nobody asks, nothing is done for it: there
//! may have been such a commit anyway.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::tasks::Tasks;

/// Beyond this the database is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// So long nobody is counted while the database is away; then callers are told.
const A_MOMENT: Duration = Duration::from_secs(1);

/// After a connection that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Numbers batches of commits, and tells which of them are on disk. Clones share it.
#[derive(Clone, Debug)]
pub struct Durability {
    made: watch::Sender<u64>,
    /// Up to which batch somebody asked.
    wanted: watch::Sender<u64>,
    /// Somebody has lost a connection: the one that watches may be lost, too.
    doubted: Arc<Notify>,
    known: watch::Sender<Known>,
}

/// What is known of the batches up to a number.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    on_disk: u64,
    /// Postgres may have died since these were committed, and have lost them.
    uncertain: u64,
    /// Somebody watches whether Postgres lives.
    watched: bool,
}

impl Durability {
    /// Starts waiting for the disk on behalf of all.
    pub fn start(pool: PgPool, tasks: &Tasks) -> Self {
        let durability = Self {
            made: watch::Sender::new(0),
            wanted: watch::Sender::new(0),
            doubted: Arc::default(),
            known: watch::Sender::default(),
        };
        let (waiting, stopping) = (durability.clone(), tasks.stopping());
        tasks.spawn("durability", async move {
            tokio::select! {
                () = waiting.wait(&pool) => {}
                () = stopping.cancelled() => {}
            }
        });
        durability
    }

    async fn wait(&self, pool: &PgPool) {
        let mut wanted = self.wanted.subscribe();
        let mut connection = self.connected(pool).await;
        loop {
            tokio::select! {
                more = wanted.changed() => if more.is_err() { return },
                () = self.doubted.notified() => {}
            }
            let batch = *self.made.borrow();
            match sync(&mut connection).await {
                Ok(()) => self.known.send_modify(|known| {
                    known.on_disk = batch;
                    known.watched = true;
                }),
                Err(error) => {
                    tracing::debug!(%error, "it is not certain what is on disk");
                    self.known.send_modify(|known| known.watched = false);
                    connection = self.connected(pool).await;
                }
            }
        }
    }

    /// Only a session that has lived since a commit can tell that Postgres has, too. One from the pool may be dead
    /// already: it must have shown that it lives before anybody relies on it.
    async fn connected(&self, pool: &PgPool) -> PgConnection {
        loop {
            let Ok(connection) = pool.acquire().await else {
                sleep(PAUSE).await;
                continue;
            };
            let (mut connection, made) = (connection.detach(), *self.made.borrow());
            if sync(&mut connection).await.is_ok() {
                self.known.send_modify(|known| {
                    known.uncertain = made;
                    known.watched = true;
                });
                return connection;
            }
        }
    }

    /// Whoever commits has to connect anew: what watches must show that it lives, before it can tell of what is
    /// committed from here on.
    pub(super) fn doubt(&self) {
        self.known.send_modify(|known| known.watched = false);
        self.doubted.notify_one();
    }

    /// Waits, within bounds, until what is committed from here on can be told to be on disk.
    pub(super) async fn watched(&self) -> sqlx::Result<()> {
        let mut known = self.known.subscribe();
        match timeout(A_MOMENT, known.wait_for(|known| known.watched)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// A batch was committed just now; its number.
    pub(super) fn made(&self) -> u64 {
        self.made.send_modify(|batch| *batch += 1);
        *self.made.borrow()
    }

    /// Waits, within bounds, until a batch is on disk; false if that is not certain.
    pub async fn is_on_disk(&self, batch: u64) -> bool {
        let mut known = self.known.subscribe();
        self.wanted.send_if_modified(|wanted| {
            let more = batch > *wanted;
            *wanted = batch.max(*wanted);
            more
        });
        let told = known.wait_for(|known| known.on_disk >= batch || known.uncertain >= batch);
        let told = timeout(PATIENCE, told).await;
        matches!(told, Ok(Ok(known)) if known.uncertain < batch)
    }
}

/// A commit that changes nothing, and waits for the disk.
async fn sync(connection: &mut PgConnection) -> sqlx::Result<()> {
    let emit =
        sqlx::query!(r#"select 1 as "one!" from pg_logical_emit_message(true, 'selfmx', '')"#);
    emit.fetch_one(connection).await?;
    Ok(())
}
