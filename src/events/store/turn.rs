//! One turn at the log: each request is admitted or refused on its own, and all that is admitted is written.

use sqlx::{Connection as _, PgConnection};

use super::append::{Append, AppendError, Guard};
use super::guards::{Assumed, Wanted};
use super::inline::Inline;
use super::judge::{Changes, Known};
use super::keys;
use super::prepared::Prepared;
use super::session::Own;
use super::vault::Vault;
use super::write::{Statement, Writing};
use super::{contents, write};
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

/// What came of judging and writing by what is known.
enum Attempt {
    Written(Taken),
    /// There was nothing to write, so nobody has seen whether what is known still holds.
    Unwritten(Taken),
    Outrun,
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

    /// Judges by what the last turn left and by what the requests have seen, and writes; if that does not hold,
    /// by what is looked up now. That is one statement or three, and one that writes does nothing if what it
    /// goes by is not so.
    pub(super) async fn swift(
        &self,
        own: &mut Own,
        requests: &[Prepared],
        now: Timestamp,
    ) -> sqlx::Result<Swift> {
        let mut left = own.known.take();
        if !requests.iter().all(|request| self.is_plain(request)) {
            return Ok(Swift::Unfit);
        }
        let wanted = Wanted::by(requests);
        if let Some(mut known) = left.take_if(|left| wanted.is_in(left)) {
            let assumed = wanted.assume(&mut known);
            match self.attempt(own, (known, &assumed), requests, now).await? {
                Attempt::Written(taken) => return Ok(Swift::Taken(taken)),
                Attempt::Unfit => return Ok(Swift::Unfit),
                Attempt::Unwritten(_) | Attempt::Outrun => {}
            }
        }
        let known = wanted.look_up(&mut own.db, now).await?.with(left);
        Ok(match self.attempt(own, (known, &Assumed::default()), requests, now).await? {
            Attempt::Written(taken) | Attempt::Unwritten(taken) => Swift::Taken(taken),
            Attempt::Outrun => Swift::Outrun,
            Attempt::Unfit => Swift::Unfit,
        })
    }

    async fn attempt(
        &self,
        own: &mut Own,
        (mut known, assumed): (Known, &Assumed<'_>),
        requests: &[Prepared],
        now: Timestamp,
    ) -> sqlx::Result<Attempt> {
        let (verdicts, changes) = judged(&mut known, requests);
        let taken = (verdicts, known.head);
        if changes.is_nothing() {
            return Ok(Attempt::Unwritten(taken));
        }
        if keys::any_unmade(&changes.facts, &known.keys) {
            return Ok(Attempt::Unfit);
        }
        let of = (changes.facts.as_slice(), now);
        let keys = self.vault.for_turn(&mut own.db, of, &known.keys).await?;
        let writing =
            Writing { requests, known: &known, assumed, changes: &changes, keys: &keys, now };
        let bound = self.statement.bind(&writing)?;
        if !bound.after.is_empty() {
            return Ok(Attempt::Unfit);
        }
        let Some(head_row) = bound.run(&mut own.db).await? else { return Ok(Attempt::Outrun) };
        own.known = known.remembered(head_row);
        Ok(Attempt::Written(taken))
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
        let mut known = Wanted::by(requests).look_up(&mut db, now).await?;
        let (verdicts, changes) = judged(&mut known, requests);
        let facts = &changes.facts;
        let keys = self.vault.for_turn(&mut db, (facts, now), &known.keys).await?;
        write::claims(&mut db, &changes).await?;
        if !changes.is_nothing() {
            let writing = Writing {
                requests,
                known: &known,
                assumed: &Assumed::default(),
                changes: &changes,
                keys: &keys,
                now,
            };
            let mut bound = self.statement.bind(&writing)?;
            let after = std::mem::take(&mut bound.after);
            if bound.run(&mut db).await?.is_none() {
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
