//! What is due for delivery: grown from the log in the same transaction, worked off by the delivery.

mod changes;
mod claim;
mod write;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::events::store::Along;
use crate::events::{Fact, Recorded};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};

pub use claim::{Claimed, Wanted, claim, depth, extend, give_back};

/// Keeps `send_queue`.
#[derive(Debug)]
pub struct SendQueue;

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

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_email().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        write::alone(db, facts).await
    }

    fn along(&self) -> Option<&dyn Along> {
        Some(&write::InOneStatement)
    }
}
