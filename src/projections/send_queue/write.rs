//! How the queue is written: along with the facts in their statement, or by itself.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection};

use super::changes::{Change, Changes, New};
use crate::events::Recorded;
use crate::events::store::Along;
use crate::values::EmailId;

/// The values of [`beginning`].
const BEGINNING: usize = 5;

/// The values of [`changing`].
const CHANGING: usize = 4;

/// Puts new emails in their places; its values are numbered from `first`.
fn beginning(first: usize) -> String {
    let [email, tenant, priority, due, pending] = std::array::from_fn(|n| first + n);
    format!(
        ", queued as (
             insert into send_queue (email_id, tenant_id, priority, due_at, pending)
             select q.email_id, q.tenant_id, q.priority, q.due_at, q.pending
             from head, unnest(${email}::varchar[], ${tenant}::varchar[], ${priority}::smallint[],
                               ${due}::timestamptz[], ${pending}::int[])
               as q(email_id, tenant_id, priority, due_at, pending)
         )"
    )
}

/// Moves emails that are there, or takes them out; its values are numbered from `first`.
///
/// Rows are locked in one order by all who lock several: else two could wait for each other. Each is found by
/// its key: a queue that Postgres believes to be empty would be read as a whole. An equality would let it, since
/// that could also be a merge of two orders; `between` cannot.
fn changing(first: usize) -> String {
    let [email, finished, due, cancelled] = std::array::from_fn(|n| first + n);
    format!(
        ", later as materialized (
             select q.email_id, c.finished, c.due_at, c.cancelled or q.pending <= c.finished as done
             from head
             cross join (
                 select * from unnest(${email}::varchar[], ${finished}::int[],
                                      ${due}::timestamptz[], ${cancelled}::bool[])
                   as u(email_id, finished, due_at, cancelled)
                 order by u.email_id
             ) c
             cross join lateral (
                 select s.email_id, s.pending from send_queue s
                 where s.email_id = c.email_id offset 0 for update
             ) q
         ), gone as (
             delete from send_queue q using later c
             where q.email_id between c.email_id and c.email_id and c.done
         ), changed as (
             update send_queue q
             set pending = q.pending - c.finished,
                 due_at = coalesce(c.due_at, q.due_at),
                 lease = case when c.due_at is null then q.lease end,
                 leased_until = case when c.due_at is null then q.leased_until end
             from later c
             where q.email_id between c.email_id and c.email_id and not c.done
         )"
    )
}

fn bind_new(new: &[(&EmailId, New)], values: &mut PgArguments) -> Result<(), BoxDynError> {
    values.add(new.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>())?;
    values.add(new.iter().map(|(_, new)| new.tenant.to_string()).collect::<Vec<_>>())?;
    values.add(new.iter().map(|(_, new)| new.priority).collect::<Vec<_>>())?;
    values.add(new.iter().map(|(_, new)| new.due_at).collect::<Vec<_>>())?;
    values.add(new.iter().map(|(_, new)| new.pending).collect::<Vec<_>>())
}

fn bind_later(later: &[(&EmailId, &Change)], values: &mut PgArguments) -> Result<(), BoxDynError> {
    values.add(later.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>())?;
    values.add(later.iter().map(|(_, change)| change.finished).collect::<Vec<_>>())?;
    values.add(later.iter().map(|(_, change)| change.due_at).collect::<Vec<_>>())?;
    values.add(later.iter().map(|(_, change)| change.cancelled).collect::<Vec<_>>())
}

/// The queue as a part of the statement that writes the facts.
pub(super) struct InOneStatement;

impl Along for InOneStatement {
    fn values(&self) -> usize {
        BEGINNING + CHANGING
    }

    fn sql(&self, first: usize) -> String {
        beginning(first) + &changing(first + BEGINNING)
    }

    fn bind(&self, facts: &[Recorded], values: &mut PgArguments) -> Result<(), BoxDynError> {
        let changes = Changes::by(facts);
        bind_new(&changes.beginning(), values)?;
        bind_later(&changes.later(), values)
    }
}

/// The same without anything that it goes along with.
pub(super) async fn alone(db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
    let mut values = PgArguments::default();
    InOneStatement.bind(facts, &mut values).map_err(sqlx::Error::Encode)?;
    let sql = format!("with head as (select 1){} select 1", InOneStatement.sql(1));
    sqlx::query_with(AssertSqlSafe(sql), values).execute(db).await?;
    Ok(())
}
