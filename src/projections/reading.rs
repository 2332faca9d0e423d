//! What followers read of the log: once for all of them on a node, since they go the same way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgConnection;
use tokio::sync::OnceCell;

use super::runner::PIECE;
use crate::events::store::read::{Piece, Reader};
use crate::events::store::{EventStore, ReadError};

/// So many pieces are kept for those who come later: what they hold stays in memory meanwhile.
const KEPT: usize = 4;

/// A piece that somebody has read, or is reading.
type Shared = Arc<OnceCell<Arc<Piece>>>;

/// Reads for some followers.
pub(super) struct Reading {
    reader: Reader,
    followers: usize,
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    after: i64,
    /// So many followers have not asked for it yet.
    left: usize,
    piece: Shared,
}

impl Reading {
    /// Reads for so many.
    pub(super) fn of(store: &EventStore, followers: usize) -> Self {
        Self { reader: store.reader(), followers, kept: Mutex::default() }
    }

    /// The next facts after a position: as many as there were for whoever asked first.
    pub(super) async fn piece(
        &self,
        db: &mut PgConnection,
        after: i64,
    ) -> Result<Arc<Piece>, ReadError> {
        let shared = self.shared(after);
        let read = async || Ok(Arc::new(self.reader.read_on(db, after, PIECE).await?));
        let piece = shared.get_or_try_init(read).await;
        // Where there was nothing, or nothing that can be read, the next may find something.
        if !matches!(piece, Ok(piece) if piece.trouble.is_none() && !piece.facts.is_empty()) {
            self.change(|kept| kept.retain(|one| one.after != after));
        }
        piece.cloned()
    }

    fn shared(&self, after: i64) -> Shared {
        self.change(|kept| {
            if let Some(at) = kept.iter().position(|one| one.after == after)
                && let Some(found) = kept.get_mut(at)
            {
                found.left = found.left.saturating_sub(1);
                let (piece, left) = (Arc::clone(&found.piece), found.left);
                if left == 0 {
                    kept.remove(at);
                }
                return piece;
            }
            let piece = Shared::default();
            let left = self.followers.saturating_sub(1);
            if left > 0 {
                kept.push_back(Kept { after, left, piece: Arc::clone(&piece) });
            }
            if kept.len() > KEPT {
                kept.pop_front();
            }
            piece
        })
    }

    fn change<T>(&self, how: impl FnOnce(&mut VecDeque<Kept>) -> T) -> T {
        how(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
