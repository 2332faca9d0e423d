//! One turn at the log: each request is admitted or refused on its own, and all that is admitted is written.

use sqlx::{Connection as _, PgConnection};

use super::append::{Append, AppendError, Guard};
use super::inline::Inline;
use super::judge::{Changes, Known};
use super::keys;
use super::prepared::Prepared;
use super::vault::Vault;
use super::write::{Statement, Writing};
use super::{contents, guards, write};
use crate::events::Recorded;
use crate::values::Timestamp;

/// Begins, and waits for the turn at the head of the log: all in one message. What the guards look up must
/// be asked after the turn has come, and not in the same statement, which would see the past.
const TURN: &str = "begin; select position from log_head for update";

/// What became of each request, in their order.
pub(super) type Verdicts = Vec<Result<Vec<Recorded>, AppendError>>;

/// A turn that was taken: what became of each request, and how far the log has grown.
pub(super) type Taken = (Verdicts, i64);

/// What came of a turn that did not wait for others.
pub(super) enum Swift {
    /// It was taken.
    Taken(Taken),
    /// Somebody else was faster: nothing was written.
    Outrun,
    /// One statement cannot say all that is to be changed: nothing was written.
    Unfit,
}

/// How turns are taken.
pub(super) struct Turns {
    vault: Vault,
    statement: Statement,
}

impl Turns {
    pub(super) fn new(vault: Vault, statement: Statement) -> Self {
        Self { vault, statement }
    }

    /// Looks up and then writes, in one statement each: it does nothing if anything has changed in between.
    pub(super) async fn swift(
        &self,
        db: &mut PgConnection,
        requests: &[Prepared],
        now: Timestamp,
    ) -> sqlx::Result<Swift> {
        if !requests.iter().all(|request| self.is_plain(request)) {
            return Ok(Swift::Unfit);
        }
        let mut known = guards::look_up(db, requests, now).await?;
        let (verdicts, changes) = judged(&mut known, requests);
        let taken = (verdicts, known.head);
        if changes.is_nothing() {
            return Ok(Swift::Taken(taken));
        }
        if keys::any_unmade(&changes.facts, &known.keys) {
            return Ok(Swift::Unfit);
        }
        let keys = self.vault.for_turn(db, (&changes.facts, now), &known.keys).await?;
        let writing = Writing { requests, known: &known, changes: &changes, keys: &keys, now };
        let bound = self.statement.bind(&writing)?;
        if !bound.after.is_empty() {
            return Ok(Swift::Unfit);
        }
        Ok(if bound.run(db).await? { Swift::Taken(taken) } else { Swift::Outrun })
    }

    /// True for what changes nothing besides the log that does not go along in its statement.
    fn is_plain(&self, request: &Prepared) -> bool {
        let Append { parts, guards, .. } = &request.append;
        let named = |guard: &Guard| matches!(guard, Guard::Claim { .. } | Guard::Release { .. });
        let alone = |table: &dyn Inline, fact| table.along().is_none() && table.concerns(fact);
        !guards.iter().any(named)
            && parts.iter().flat_map(|part| &part.facts).all(|fact| {
                let tables = self.statement.tables.iter();
                !contents::gives_up(fact)
                    && !keys::erases(fact)
                    && !tables.map(AsRef::as_ref).any(|table| alone(table, fact))
            })
    }

    /// Waits for the turn, and has it until all is written, in one transaction.
    pub(super) async fn locked(
        &self,
        db: &mut PgConnection,
        requests: &[Prepared],
        now: Timestamp,
    ) -> sqlx::Result<Taken> {
        let mut db = db.begin_with(TURN).await?;
        let mut known = guards::look_up(&mut db, requests, now).await?;
        let (verdicts, changes) = judged(&mut known, requests);
        let facts = &changes.facts;
        let keys = self.vault.for_turn(&mut db, (facts, now), &known.keys).await?;
        write::claims(&mut db, &changes).await?;
        if !changes.is_nothing() {
            let writing = Writing { requests, known: &known, changes: &changes, keys: &keys, now };
            let mut bound = self.statement.bind(&writing)?;
            let after = std::mem::take(&mut bound.after);
            if !bound.run(&mut db).await? {
                return Err(sqlx::Error::Protocol("the turn at the log was lost".to_owned()));
            }
            for table in after {
                table.apply(&mut db, facts).await?;
            }
        }
        contents::release(&mut db, facts).await?;
        let erased = Vault::destroy(&mut db, facts, now).await?;
        db.commit().await?;
        self.vault.forget(&erased);
        Ok((verdicts, known.head))
    }
}

fn judged(known: &mut Known, requests: &[Prepared]) -> (Verdicts, Changes) {
    let mut changes = Changes::default();
    let each = requests.iter().enumerate();
    let verdicts = each.map(|(index, request)| known.judge(index, request, &mut changes));
    (verdicts.collect(), changes)
}
