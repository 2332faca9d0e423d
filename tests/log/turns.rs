//! The least that can be appended, and a turn held back so that others gather behind it.

use selfmx::clock::Clock;
use selfmx::events::store::EventStore;
use selfmx::events::store::append::{Append, Guard, Part};
use selfmx::events::{Fact, Metadata, Stream, TenantEvent};
use selfmx::values::TenantId;
use sqlx::{PgPool, Postgres, Transaction};

use crate::node::clock;
use crate::patience::until;

/// Further facts of a tenant of which one has seen so many.
pub(crate) fn facts(tenant: TenantId, seen: i64, count: usize) -> Append {
    let fact = Fact::Tenant(tenant, TenantEvent::Suspended);
    let part = Part { stream: Stream::tenant(tenant), expected: seen, facts: vec![fact; count] };
    Append {
        parts: vec![part],
        guards: vec![],
        contents: Vec::new(),
        metadata: Metadata::default(),
        at: clock().now(),
    }
}

/// The first fact of a new tenant, on a condition.
pub(crate) fn guarded(tenant: TenantId, guards: Vec<Guard>) -> Append {
    Append { guards, ..facts(tenant, 0, 1) }
}

/// Takes the turn at the log and keeps it until it is dropped or committed.
pub(crate) async fn hold(db: &PgPool) -> Transaction<'static, Postgres> {
    let mut turn = db.begin().await.unwrap();
    sqlx::raw_sql("select position from log_head for update").execute(&mut *turn).await.unwrap();
    turn
}

/// True once so many connections wait for somebody's lock.
pub(crate) async fn waiting(db: &PgPool, count: i64) -> bool {
    let found: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'",
    )
    .fetch_one(db)
    .await
    .unwrap();
    found >= count
}

/// Appends one thing that has its turn to itself, and waits until the writer is stuck with it.
pub(crate) async fn occupy(store: &EventStore, db: &PgPool, clock: &Clock) {
    let first = store.append(facts(TenantId::at(clock.now()), 0, 1));
    let stuck = until("the writer waits for the turn", async || waiting(db, 1).await);
    futures_util::pin_mut!(first, stuck);
    // The append goes on without us: what is in the queue is written.
    futures_util::future::select(first, stuck).await;
}
