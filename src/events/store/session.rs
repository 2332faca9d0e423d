//! The writer's own connection: set for turns, and asked whether it lives when it has been silent.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use super::judge::Known;

/// One that was used so lately is not asked: that costs a way there and back, and says nothing new.
const LATELY: Duration = Duration::from_millis(500);

/// One that says nothing for so long is given up: whoever is gone without a word never says anything.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whatever a turn asks, it asks of single rows by their keys. Postgres cannot know how few they are, or that
/// a table that was empty a moment ago is not, and would read whole tables instead. (It marks what is off as
/// immensely dear, and would compile what is immensely dear to machine code each time: so that is off, too.)
/// How many a turn asks for does not change how they are found, so nothing is planned twice.
const FOR_TURNS: &str = "set jit = off; \
    set enable_seqscan = off; \
    set enable_hashjoin = off; \
    set enable_mergejoin = off; \
    set plan_cache_mode = force_generic_plan";

/// Where turns are taken.
pub(super) struct Session {
    pool: PgPool,
    own: Option<(Own, Instant)>,
}

/// The connection with what was known at the end of its last turn. A new connection knows nothing: Postgres may
/// have come up again as it was before.
pub(super) struct Own {
    pub(super) db: PgConnection,
    pub(super) known: Option<Known>,
}

impl Session {
    /// Connects when it is needed.
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, own: None }
    }

    /// The connection, for one turn: it must be given back if the turn went well, and only then.
    pub(super) async fn take(&mut self) -> sqlx::Result<Own> {
        if let Some((mut own, used)) = self.own.take()
            && (used.elapsed() < LATELY || lives(&mut own.db).await)
        {
            return Ok(own);
        }
        let mut db = self.pool.acquire().await?.detach();
        sqlx::raw_sql(FOR_TURNS).execute(&mut db).await?;
        Ok(Own { db, known: None })
    }

    /// Keeps it for the next turn.
    pub(super) fn give_back(&mut self, own: Own) {
        self.own = Some((own, Instant::now()));
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        if let Some((own, _)) = self.own
            && let Err(error) = own.db.close().await
        {
            tracing::debug!(%error, "the writer's connection did not close");
        }
    }
}

async fn lives(db: &mut PgConnection) -> bool {
    matches!(timeout(PATIENCE, db.ping()).await, Ok(Ok(())))
}
