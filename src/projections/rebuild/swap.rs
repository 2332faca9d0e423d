//! Puts grown tables in the place of the live ones, in one transaction.
//!
//! Whoever reads waits for the moment in which names change, and then sees the new tables: Postgres looks a
//! name up again if its table was changed while it waited, also for statements that were prepared before.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use super::{Progress, Rebuild, RebuildError};
use crate::events::store::ReadError;
use crate::events::store::read::Reader;
use crate::projections::growth::PIECE;
use crate::projections::shadow::{Phase, Shadow, apply, is_wait};
use crate::projections::{ReadModel, cursor};
use crate::values::Timestamp;

/// So long we wait for each table, and others behind us. All tables of a read model together must stay below a
/// second: then Postgres would look for somebody to blame if a reader waited for us and we for it, and might
/// choose the reader.
const LOCK: &str = "250ms";

/// Nobody who appends waits for longer than this, whatever happens.
const LONGEST: &str = "20s";

/// Between two tries, at first; then ever longer.
const AGAIN: Duration = Duration::from_millis(100);

/// Between two tries, at most.
const SELDOM: Duration = Duration::from_secs(5);

impl Rebuild<'_> {
    /// Swaps as soon as no reader holds the live tables for long.
    pub(super) async fn swap(&self, shadow: &mut Shadow) -> Result<(), RebuildError> {
        let name = shadow.model.name();
        let mut pause = AGAIN;
        loop {
            match attempt(self.log, shadow, self.clock.now()).await {
                Ok(position) => {
                    shadow.position = position;
                    (self.tell)(Progress::Done { name, position });
                    return Ok(());
                }
                Err(RebuildError::Database(error)) if is_wait(&error) => {
                    (self.tell)(Progress::Waits(name));
                    sleep(pause).await;
                    pause = (pause * 2).min(SELDOM);
                    self.run_after(shadow).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

async fn attempt(log: &Reader, shadow: &mut Shadow, now: Timestamp) -> Result<i64, RebuildError> {
    let Shadow { db, model, plan, place, position, .. } = shadow;
    let name = model.name();
    let mut db = db.begin().await?;
    let live = cursor::hold(&mut db, model).await?;
    if live.version > Some(model.projector.version()) {
        return Err(RebuildError::Outgrown(name));
    }
    limit(&mut db).await?;
    let position = catch_up((log, &mut db), model, *position, live.position).await?;
    // The horizon may have moved since they were grown, and stands while we hold the cursor.
    model.projector.forget(&mut db).await?;
    plan.run(&mut db, Phase::Lock).await?;
    if place.plan(&mut db, model.projector.tables()).await? != *plan {
        return Err(RebuildError::Changed(name));
    }
    for phase in [Phase::CarryOver, Phase::Drop, Phase::Move, Phase::Triggers, Phase::Always] {
        plan.run(&mut db, phase).await?;
    }
    cursor::settle(&mut db, model, position, now).await?;
    // Readers would come back to the old tables if it were lost: from here on it is on disk.
    sqlx::query!("select set_config('synchronous_commit', 'on', true)").fetch_one(&mut *db).await?;
    db.commit().await?;
    Ok(position)
}

async fn limit(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "select set_config('lock_timeout', $1, true) as wait,
                set_config('statement_timeout', $2, true) as longest",
        LOCK,
        LONGEST,
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Takes in the last facts, up to where the live tables are: readers must not go back in time.
async fn catch_up(
    (log, db): (&Reader, &mut PgConnection),
    model: &ReadModel,
    mut position: i64,
    live: i64,
) -> Result<i64, RebuildError> {
    while position < live {
        let piece = log.read_on(db, position, PIECE).await?;
        let reached = apply(db, model, (position, i64::MAX), &piece.facts).await?;
        match piece.trouble {
            Some(trouble) if reached < live => return Err(trouble.into()),
            _ if reached == position => {
                return Err(ReadError::from(sqlx::Error::RowNotFound).into());
            }
            Some(_) | None => position = reached,
        }
    }
    Ok(position)
}
