//! One turn at the log: one transaction in which each request is admitted or refused on its own.

use std::sync::Arc;

use sqlx::{Connection as _, PgConnection};

use super::append::{Append, AppendError};
use super::judge::Changes;
use super::{Inline, guards, write};
use crate::events::Recorded;
use crate::values::Timestamp;

/// Begins, and waits for the turn at the head of the log: two statements in one message. What the guards
/// look up must be asked after the turn has come, and not in the same statement, which would see the past.
const TURN: &str = "begin; select position from log_head for update";

/// What became of each request, in their order.
pub(super) type Verdicts = Vec<Result<Vec<Recorded>, AppendError>>;

/// Writes what may be written and says how far the log has grown.
pub(super) async fn take(
    db: &mut PgConnection,
    inline: &[Arc<dyn Inline>],
    requests: &[Append],
    now: Timestamp,
) -> sqlx::Result<(Verdicts, i64)> {
    let mut db = db.begin_with(TURN).await?;
    let mut known = guards::look_up(&mut db, requests, now).await?;
    let mut changes = Changes::default();
    let verdicts = requests
        .iter()
        .enumerate()
        .map(|(index, append)| known.judge(index, append, &mut changes))
        .collect();
    write::claims(&mut db, &changes).await?;
    write::all(&mut db, requests, &changes, (known.head, now)).await?;
    if !changes.facts.is_empty() {
        for table in inline {
            table.apply(&mut db, &changes.facts).await?;
        }
    }
    db.commit().await?;
    Ok((verdicts, known.head))
}
