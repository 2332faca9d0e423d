//! What is due for delivery: grown from the log in the same transaction, worked off by the delivery.

mod claim;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::events::{EmailEvent, Fact, Recorded};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::{EmailId, TenantId};

pub use claim::{Claimed, Wanted, claim, depth, extend, give_back};

/// Keeps `send_queue`.
#[derive(Debug)]
pub struct SendQueue;

/// What a batch of facts does to one email's place in the queue.
#[derive(Default)]
struct Change {
    accepted: Option<New>,
    due_at: Option<DateTime<Utc>>,
    finished: i32,
    cancelled: bool,
}

struct New {
    tenant: TenantId,
    priority: i16,
    due_at: DateTime<Utc>,
    pending: i32,
}

/// A lease and its fence belong to the worker that has the mail just now; no fact tells of either.
const TABLES: &[Table] = &[Table {
    name: "send_queue",
    tenant: Some("tenant_id"),
    work_state: &["lease", "leased_until", "fence"],
    origin: Origin::Stream("email_id"),
}];

#[async_trait]
impl Projector for SendQueue {
    fn name(&self) -> &'static str {
        "send_queue"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut changes: HashMap<EmailId, Change> = HashMap::new();
        for recorded in facts {
            if let Fact::Email(tenant, email, event) = &recorded.fact {
                changes.entry(*email).or_default().add(*tenant, event, recorded);
            }
        }
        insert(db, &changes).await?;
        change(db, &changes).await
    }
}

impl Change {
    fn add(&mut self, tenant: TenantId, event: &EmailEvent, recorded: &Recorded) {
        match event {
            EmailEvent::Accepted(accepted) => {
                self.accepted = Some(New {
                    tenant,
                    priority: accepted.priority.rank(),
                    due_at: accepted.scheduled_at.unwrap_or(recorded.at).as_datetime(),
                    pending: i32::try_from(accepted.recipients.len()).unwrap_or(i32::MAX),
                });
            }
            EmailEvent::DeliveryRescheduled { next_attempt_at, .. } => {
                self.due_at = Some(next_attempt_at.as_datetime());
            }
            EmailEvent::RecipientDelivered { .. }
            | EmailEvent::RecipientBounced { .. }
            | EmailEvent::RecipientFailed { .. }
            | EmailEvent::RecipientSuppressed { .. } => self.finished += 1,
            EmailEvent::Cancelled { .. } => self.cancelled = true,
            EmailEvent::DeliveryStarted { .. }
            | EmailEvent::DeliveryInterrupted { .. }
            | EmailEvent::RecipientDeferred { .. }
            | EmailEvent::ContentRemoved { .. }
            | EmailEvent::BounceReceived { .. }
            | EmailEvent::ComplaintReceived { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. } => {}
        }
    }
}

async fn insert(db: &mut PgConnection, changes: &HashMap<EmailId, Change>) -> sqlx::Result<()> {
    let new: Vec<_> =
        changes.iter().filter_map(|(id, change)| Some((id, change.accepted.as_ref()?))).collect();
    if new.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = new.iter().map(|(id, _)| id.to_string()).collect();
    let tenants: Vec<String> = new.iter().map(|(_, new)| new.tenant.to_string()).collect();
    let priorities: Vec<i16> = new.iter().map(|(_, new)| new.priority).collect();
    let due: Vec<_> = new.iter().map(|(_, new)| new.due_at).collect();
    let pending: Vec<i32> = new.iter().map(|(_, new)| new.pending).collect();
    sqlx::query!(
        "insert into send_queue (email_id, tenant_id, priority, due_at, pending)
         select q.email_id, q.tenant_id, q.priority, q.due_at, q.pending
         from unnest($1::varchar[], $2::varchar[], $3::smallint[], $4::timestamptz[], $5::int[])
           as q(email_id, tenant_id, priority, due_at, pending)",
        &ids,
        &tenants,
        &priorities,
        &due,
        &pending,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn change(db: &mut PgConnection, all: &HashMap<EmailId, Change>) -> sqlx::Result<()> {
    let changed: Vec<_> =
        all.iter().filter(|(_, c)| c.due_at.is_some() || c.finished > 0 || c.cancelled).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = changed.iter().map(|(id, _)| id.to_string()).collect();
    let due: Vec<Option<DateTime<Utc>>> = changed.iter().map(|(_, c)| c.due_at).collect();
    let finished: Vec<i32> = changed.iter().map(|(_, c)| c.finished).collect();
    let cancelled: Vec<bool> = changed.iter().map(|(_, c)| c.cancelled).collect();
    // Rows are locked in one order by all who lock several: else two could wait for each other.
    sqlx::query!(
        "with c as materialized (
             select q.email_id, c.finished, c.due_at, c.cancelled or q.pending <= c.finished as done
             from unnest($1::varchar[], $2::int[], $3::timestamptz[], $4::bool[])
               as c(email_id, finished, due_at, cancelled)
             join send_queue q on q.email_id = c.email_id
             order by q.email_id for update of q
         ), gone as (
             delete from send_queue q using c where q.email_id = c.email_id and c.done
         )
         update send_queue q
         set pending = q.pending - c.finished,
             due_at = coalesce(c.due_at, q.due_at),
             lease = case when c.due_at is null then q.lease end,
             leased_until = case when c.due_at is null then q.leased_until end
         from c where q.email_id = c.email_id and not c.done",
        &ids,
        &finished,
        &due as &[Option<DateTime<Utc>>],
        &cancelled,
    )
    .execute(db)
    .await?;
    Ok(())
}
