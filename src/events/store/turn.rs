//! One turn at the log: one transaction in which each request is admitted or refused on its own.

use std::sync::Arc;

use sqlx::{Connection as _, PgConnection};

use super::append::AppendError;
use super::judge::Changes;
use super::prepared::Prepared;
use super::vault::Vault;
use super::{Inline, contents, guards, write};
use crate::events::Recorded;
use crate::values::Timestamp;

/// Begins, and waits for the turn at the head of the log: all in one message. What the guards look up must
/// be asked after the turn has come, and not in the same statement, which would see the past.
///
/// Whatever a turn asks, it asks of single rows by their keys. Postgres cannot know how few they are, or that
/// a table that was empty a moment ago is not, and would read whole tables instead. (It marks what is off as
/// immensely dear, and would compile what is immensely dear to machine code each time: so that is off, too.)
const TURN: &str = "begin; \
    set local jit = off; \
    set local enable_seqscan = off; \
    set local enable_hashjoin = off; \
    set local enable_mergejoin = off; \
    select position from log_head for update";

/// What became of each request, in their order.
pub(super) type Verdicts = Vec<Result<Vec<Recorded>, AppendError>>;

/// Writes what may be written and says how far the log has grown.
pub(super) async fn take(
    db: &mut PgConnection,
    (vault, inline): (&Vault, &[Arc<dyn Inline>]),
    requests: &[Prepared],
    now: Timestamp,
) -> sqlx::Result<(Verdicts, i64)> {
    let mut db = db.begin_with(TURN).await?;
    let mut known = guards::look_up(&mut db, requests, now).await?;
    let mut changes = Changes::default();
    let verdicts = requests
        .iter()
        .enumerate()
        .map(|(index, request)| known.judge(index, request, &mut changes))
        .collect();
    let keys = vault.for_turn(&mut db, (&changes.facts, now), &known.keys).await?;
    write::claims(&mut db, &changes).await?;
    write::all(&mut db, (requests, &keys), &changes, (known.head, now)).await?;
    contents::release(&mut db, &changes.facts).await?;
    let erased = Vault::destroy(&mut db, &changes.facts, now).await?;
    if !changes.facts.is_empty() {
        for table in inline {
            table.apply(&mut db, &changes.facts).await?;
        }
    }
    db.commit().await?;
    vault.forget(&erased);
    Ok((verdicts, known.head))
}
