//! Reads the log once, and grows as many shadows from it as are wanted.

use futures_util::future::{join, try_join_all};
use sqlx::PgConnection;
use tokio::task::JoinSet;

use super::shadow::Shadow;
use crate::events::store::ReadError;
use crate::events::store::read::{Piece, Reader};
use crate::values::TenantId;

/// Facts in one transaction; twice as many are in memory, since the next ones are read meanwhile.
pub(super) const PIECE: i64 = 10_000;

/// Which facts are read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) log: &'a Reader,
    /// Those of one tenant only.
    pub(super) tenant: Option<TenantId>,
}

impl Source<'_> {
    pub(super) async fn read(self, after: i64) -> Result<Piece, ReadError> {
        let mut db = self.log.pool().acquire().await?;
        self.read_on(&mut db, after).await
    }

    pub(super) async fn read_on(
        self,
        db: &mut PgConnection,
        after: i64,
    ) -> Result<Piece, ReadError> {
        match self.tenant {
            None => self.log.read_on(db, after, PIECE).await,
            Some(tenant) => self.log.read_of(db, tenant, after, PIECE).await,
        }
    }
}

/// Grows all of them until each has what it wants or the log has no more; the fact that stopped them, if one
/// is not understood.
pub(super) async fn grow(
    source: Source<'_>,
    shadows: &mut [Shadow],
    tell: impl Fn(i64),
) -> Result<Option<ReadError>, ReadError> {
    let until = shadows.iter().map(|shadow| shadow.until).max().unwrap_or(0);
    let mut after = shadows.iter().map(|shadow| shadow.position).min().unwrap_or(0);
    let mut piece = source.read(after).await?;
    while let Some(last) = piece.facts.last() {
        after = last.position;
        let whole = i64::try_from(piece.facts.len()).unwrap_or(PIECE) == PIECE;
        let taken = try_join_all(shadows.iter_mut().map(|shadow| shadow.take_in(&piece.facts)));
        let next = async {
            if whole && after < until { Some(elsewhere(source, after).await) } else { None }
        };
        let (next, taken) = join(next, taken).await;
        taken?;
        tell(after);
        match next {
            Some(next) => piece = next?,
            None => break,
        }
    }
    let wanted = |trouble: &ReadError| match trouble {
        ReadError::Fact { position, .. } => *position <= until,
        ReadError::Database(_) => true,
    };
    Ok(piece.trouble.filter(wanted))
}

/// Reads on another thread: to open and decode facts takes the processor for longer than those who take facts in
/// may wait for it.
async fn elsewhere(source: Source<'_>, after: i64) -> Result<Piece, ReadError> {
    let (log, tenant) = (source.log.clone(), source.tenant);
    let mut reading = JoinSet::new();
    reading.spawn(async move { Source { log: &log, tenant }.read(after).await });
    match reading.join_next().await {
        Some(Ok(piece)) => piece,
        Some(Err(_)) | None => Err(sqlx::Error::WorkerCrashed.into()),
    }
}
