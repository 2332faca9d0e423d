//! Reads, applies, moves the cursor: one transaction a piece, so each fact counts exactly once.
//!
//! The lock on the cursor's row is what keeps two nodes from running one projector at a time; it goes
//! with its holder, so another takes over at once when that one dies.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::reading::Reading;
use super::{Projector, cursor};
use crate::clock::Clock;
use crate::events::store::read::Piece;
use crate::events::store::{EventStore, ReadError};
use crate::tasks::Tasks;
use crate::values::Timestamp;

/// Facts in one transaction.
pub const PIECE: i64 = 10_000;

/// A step does not wait for the disk: if Postgres falls, tables and cursor are found as they were together a
/// moment before, and the facts are taken in again.
const STEP: &str = "begin; set local synchronous_commit = off";

/// How late we are when a signal gets lost, and how long we wait after trouble.
const POLL: Duration = Duration::from_secs(1);

/// Facts that come in one after the other are taken in together, if they do so within this.
const GATHERING: Duration = Duration::from_millis(25);

/// How long a reader waits for a read model that is behind.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps one read model in step with the log.
pub struct Runner {
    pool: PgPool,
    store: EventStore,
    clock: Clock,
    projector: Arc<dyn Projector>,
    reading: Arc<Reading>,
    /// What was read while the piece before it was taken in, and after which position it stands.
    ahead: Option<(i64, Arc<Piece>)>,
}

/// What came of one piece.
enum Step {
    /// There is more.
    More,
    /// It stands there, and knew of nothing beyond.
    At(i64),
    /// Another node has it, or it cannot go on.
    Rest,
}

impl Runner {
    /// Runs each projector until the tasks are stopped.
    pub fn start(
        projectors: Vec<Arc<dyn Projector>>,
        pool: &PgPool,
        store: &EventStore,
        clock: &Clock,
        tasks: &Tasks,
    ) {
        let reading = Arc::new(Reading::of(store, projectors.len()));
        for projector in projectors {
            let reading = Arc::clone(&reading);
            let (pool, store, clock) = (pool.clone(), store.clone(), clock.clone());
            let runner = Self { pool, store, clock, projector, reading, ahead: None };
            tasks.spawn(runner.projector.name(), runner.run(tasks.stopping()));
        }
    }

    async fn run(mut self, stopping: CancellationToken) {
        let mut head = self.store.head();
        while !stopping.is_cancelled() {
            let position = match self.step().await {
                Ok(Step::More) => continue,
                Ok(Step::At(position)) => {
                    // A step costs the same for one fact as for many: some more may come in.
                    sleep(GATHERING).await;
                    position
                }
                Ok(Step::Rest) => *head.borrow(),
                Err(error) => {
                    let projection = self.projector.name();
                    tracing::warn!(projection, error = &error as &dyn std::error::Error, "waits");
                    self.complain(&error).await;
                    *head.borrow()
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                // Not the next change: what others have read is shared, and may end before the head.
                _ = head.wait_for(|head| *head > position) => {}
                () = sleep(POLL) => {}
            }
        }
    }

    async fn step(&mut self) -> Result<Step, ReadError> {
        let mut db = self.pool.begin_with(STEP).await?;
        let place = cursor::take(&mut db, self.projector.as_ref(), self.clock.now()).await?;
        let Some(position) = place else { return Ok(Step::Rest) };
        let piece = match self.ahead.take() {
            Some((after, piece)) if after == position => piece,
            Some(_) | None => self.reading.piece(&mut db, position).await?,
        };
        if let Some(last) = piece.facts.last() {
            let full = i64::try_from(piece.facts.len()).is_ok_and(|facts| facts >= PIECE);
            let (applied, ahead) = tokio::join!(
                self.projector.apply(&mut db, &piece.facts),
                self.read_ahead(last.position, full),
            );
            applied?;
            self.ahead = ahead;
            self.move_cursor(&mut db, last.position, None).await?;
            db.commit().await?;
            self.measure(last.position);
            let more = full || piece.trouble.is_some();
            return Ok(if more { Step::More } else { Step::At(last.position) });
        }
        self.measure(position);
        let Some(trouble) = &piece.trouble else {
            db.commit().await?;
            return Ok(Step::At(position));
        };
        let causes: Vec<String> = anyhow::Chain::new(trouble).map(ToString::to_string).collect();
        let sentence = causes.join(": ");
        tracing::error!(projection = self.projector.name(), trouble = sentence, "stands still");
        self.move_cursor(&mut db, position, Some(&sentence)).await?;
        db.commit().await?;
        sleep(POLL).await;
        Ok(Step::Rest)
    }

    /// Who catches up has two things to wait for, and waits for both at once; but never for a connection
    /// while it holds one.
    async fn read_ahead(&self, after: i64, more: bool) -> Option<(i64, Arc<Piece>)> {
        let mut db = if more { self.pool.try_acquire()? } else { return None };
        Some((after, self.reading.piece(&mut db, after).await.ok()?))
    }

    /// What the tables refuse will be refused again: whoever looks at the cursor must see why it
    /// stands. A database that is gone cannot be told, and comes back by itself.
    async fn complain(&self, error: &ReadError) {
        let ReadError::Database(sqlx::Error::Database(refusal)) = error else { return };
        let (projector, trouble) = (self.projector.as_ref(), refusal.to_string());
        let told = cursor::complain(&self.pool, projector, trouble, self.clock.now());
        if let Err(error) = told.await {
            tracing::debug!(%error, "the trouble cannot be noted");
        }
    }

    async fn move_cursor(
        &self,
        db: &mut PgConnection,
        position: i64,
        trouble: Option<&str>,
    ) -> sqlx::Result<()> {
        let name = self.projector.name();
        cursor::advance(db, name, (position, trouble), self.clock.now()).await
    }

    fn measure(&self, position: i64) {
        let behind = (*self.store.head().borrow() - position).max(0);
        let behind = u32::try_from(behind).map_or(f64::MAX, f64::from);
        metrics::gauge!("selfmx_projection_lag", "projection" => self.projector.name()).set(behind);
    }
}

/// Whether a read model knew all that had happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// It had reached the head of the log as it was when we asked.
    pub caught_up: bool,
    /// When the first fact was recorded that it did not know; none if it knew all.
    pub ignorant_since: Option<Timestamp>,
}

/// Waits, within bounds, until a read model has reached the present head of the log.
pub async fn caught_up(pool: &PgPool, projection: &str) -> sqlx::Result<Freshness> {
    let head = sqlx::query_scalar!("select position from log_head").fetch_one(pool).await?;
    let mut waited = Duration::ZERO;
    let mut pause = Duration::from_millis(2);
    loop {
        let position = sqlx::query_scalar!(
            "select position from projection_cursors where projection = $1",
            projection,
        )
        .fetch_optional(pool)
        .await?
        .unwrap_or(0);
        if position >= head {
            return Ok(Freshness { caught_up: true, ignorant_since: None });
        }
        if waited >= PATIENCE {
            let ignorant_since = recorded_after(pool, position).await?;
            return Ok(Freshness { caught_up: false, ignorant_since });
        }
        sleep(pause).await;
        waited += pause;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// When the next fact after a position was recorded.
async fn recorded_after(pool: &PgPool, position: i64) -> sqlx::Result<Option<Timestamp>> {
    let next = sqlx::query_scalar!(
        "select recorded_at from events where position > $1 order by position limit 1",
        position,
    );
    Ok(next.fetch_optional(pool).await?.map(Timestamp::from))
}
