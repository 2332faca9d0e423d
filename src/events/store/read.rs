//! The whole log in order, and a signal when there is more of it.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;

use super::EventStore;
use super::rows::{ReadError, Row, owners};
use super::vault::Vault;
use crate::events::Recorded;
use crate::tasks::Tasks;
use crate::values::{SecretKey, TenantId};

/// The channel on which nodes tell each other that the log has grown.
pub(super) const CHANNEL: &str = "selfmx_log";

/// A notice can get lost with its connection; then this is how late we are.
const POLL: Duration = Duration::from_secs(1);

/// A piece of the log.
#[derive(Debug)]
pub struct Piece {
    /// Facts in the order of their positions, without a gap.
    pub facts: Vec<Recorded>,
    /// Why the fact after them is not among them.
    pub trouble: Option<ReadError>,
}

impl EventStore {
    /// The next facts after a position; never one behind a transaction that is still open.
    pub async fn read(&self, after: i64, limit: i64) -> Result<Piece, ReadError> {
        let mut db = self.pool.acquire().await?;
        self.reader().read_on(&mut db, after, limit).await
    }

    /// The log for those who only read it, on connections of their own choice.
    pub fn reader(&self) -> Reader {
        Reader { pool: self.pool.clone(), vault: self.vault.clone() }
    }

    /// How far the log has grown, asked of the database.
    pub async fn ask_head(&self) -> Result<i64, ReadError> {
        Ok(head_of(&self.pool).await?)
    }
}

/// The log for those who only read it: opens what is sealed in its facts. Clones share the keys that they
/// remember.
#[derive(Clone)]
pub struct Reader {
    pub(super) pool: PgPool,
    pub(super) vault: Vault,
}

impl Reader {
    /// Reads there, and opens the tenants' keys with the installation's own.
    pub fn new(pool: PgPool, root: SecretKey) -> Self {
        Self { pool, vault: Vault::new(root) }
    }

    /// The database in which the log is.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The next facts after a position, on a connection that one has already: whoever holds one and waits for
    /// a second can wait for ever.
    pub async fn read_on(
        &self,
        db: &mut PgConnection,
        after: i64,
        limit: i64,
    ) -> Result<Piece, ReadError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events where position > $1 order by position limit $2"#,
            after,
            limit,
        )
        .fetch_all(&mut *db)
        .await?;
        self.opened(db, rows).await
    }

    /// The next facts of one tenant after a position.
    pub async fn read_of(
        &self,
        db: &mut PgConnection,
        tenant: TenantId,
        after: i64,
        limit: i64,
    ) -> Result<Piece, ReadError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events where tenant_id = $1 and position > $2 order by position limit $3"#,
            tenant.to_string(),
            after,
            limit,
        )
        .fetch_all(&mut *db)
        .await?;
        self.opened(db, rows).await
    }

    async fn opened(&self, db: &mut PgConnection, rows: Vec<Row>) -> Result<Piece, ReadError> {
        let keys = self.vault.keys(db, owners(&rows)).await?;
        let mut piece = Piece { facts: Vec::with_capacity(rows.len()), trouble: None };
        for row in rows {
            match row.recorded(&keys) {
                Ok(recorded) => piece.facts.push(recorded),
                Err(error) => {
                    piece.trouble = Some(error);
                    break;
                }
            }
        }
        Ok(piece)
    }
}

async fn head_of(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select position from log_head").fetch_one(pool).await
}

/// Keeps `head` in step with what other nodes append.
pub(super) fn follow(pool: PgPool, head: watch::Sender<i64>, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("log follower", async move {
        let mut listener = None;
        loop {
            let news = tokio::select! {
                () = stopping.cancelled() => return,
                news = news(&pool, &mut listener) => news,
            };
            match news {
                Ok(position) => grow(&head, position),
                Err(error) => tracing::debug!(%error, "the head of the log cannot be read"),
            }
        }
    });
}

/// The position in the next notice; or the one that is found after a while without any.
async fn news(pool: &PgPool, listener: &mut Option<PgListener>) -> sqlx::Result<i64> {
    if listener.is_none() {
        *listener = listening(pool).await.ok();
    }
    let notice = async {
        match listener {
            Some(listener) => listener.recv().await,
            None => std::future::pending().await,
        }
    };
    match tokio::time::timeout(POLL, notice).await {
        Ok(Ok(notice)) => notice.payload().parse().map_err(|_| sqlx::Error::RowNotFound),
        Ok(Err(error)) => {
            *listener = None;
            Err(error)
        }
        Err(_) => head_of(pool).await,
    }
}

async fn listening(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Moves the head on; it never goes back.
pub(super) fn grow(head: &watch::Sender<i64>, position: i64) {
    head.send_if_modified(|known| {
        let grown = position > *known;
        if grown {
            *known = position;
        }
        grown
    });
}
