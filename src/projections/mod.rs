//! What readers see: tables that can be thrown away and grown again from the log.
//!
//! Some are written in the same transaction as the facts (tenants, API keys, the send queue), because
//! the next request relies on them; the others follow. Each table is written by one file. To add one: its
//! table in a migration, its file with row, projector and queries, and its line in [`inline`] or
//! [`following`].

pub mod api_keys;
pub mod as_of;
pub mod emails;
pub mod history;
pub mod page;
pub mod relay_health;
pub mod runner;
pub mod send_queue;
pub mod tenants;
pub mod usage;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::events::Recorded;
use crate::events::store::Inline;

/// A read model that follows the log.
#[async_trait]
pub trait Projector: Send + Sync {
    /// Under which its cursor is kept.
    fn name(&self) -> &'static str;

    /// Raised whenever its tables must be grown again from the first fact.
    fn version(&self) -> i32;

    /// Takes in the next facts, with bulk statements, in the transaction that moves its cursor.
    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()>;

    /// Empties its tables.
    async fn reset(&self, db: &mut PgConnection) -> sqlx::Result<()>;
}

/// The read models that are in step with every append.
pub fn inline() -> Vec<Arc<dyn Inline>> {
    vec![Arc::new(tenants::Tenants), Arc::new(api_keys::ApiKeys), Arc::new(send_queue::SendQueue)]
}

/// The read models that follow.
pub fn following() -> Vec<Arc<dyn Projector>> {
    vec![Arc::new(emails::Emails), Arc::new(usage::Usage)]
}
