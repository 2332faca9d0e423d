//! What readers see: tables that can be thrown away and grown again from the log.
//!
//! Some are written in the same transaction as the facts (tenants, API keys, the send queue), because
//! the next request relies on them; the others follow. Each table is written by one file. To add one: its
//! table in a migration, its file with row, projector and queries, and its line in [`in_step`] or
//! [`following`].

pub mod api_keys;
pub mod as_of;
pub mod audit;
mod copy;
mod cursor;
pub mod domain_checks;
pub mod domains;
pub mod emails;
mod growth;
pub mod history;
pub mod page;
mod reading;
pub mod rebuild;
pub mod relay_health;
pub mod reputation;
pub mod runner;
pub mod send_queue;
mod shadow;
pub mod standing;
pub mod suppressions;
pub mod table;
pub mod templates;
pub mod tenants;
pub mod usage;
pub mod verify;
pub mod webhook_deliveries;
pub mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::events::store::{Along, Inline};
use crate::events::{Fact, Recorded};
use table::{Passing, Table};

/// Folds facts into the tables of a read model.
#[async_trait]
pub trait Projector: Send + Sync {
    /// The read model's name, for operators and for its cursor.
    fn name(&self) -> &'static str;

    /// Raised whenever its tables must be grown again from the first fact.
    fn version(&self) -> i32;

    /// The tables that it writes, and nobody else does.
    fn tables(&self) -> &'static [Table];

    /// Takes in the next facts with bulk statements, in a transaction that is not its own. It names its
    /// tables without their schema: the session says which ones are meant.
    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()>;

    /// True if such a fact may change its tables.
    fn concerns(&self, _fact: &Fact) -> bool {
        true
    }

    /// How its tables go along with the facts in one statement, if they are in step; they do not unless it
    /// says so.
    fn along(&self) -> Option<&dyn Along> {
        None
    }

    /// Which of its rows are kept for a time only; none unless it says so.
    fn passing(&self) -> Option<Passing> {
        None
    }

    /// Deletes those whose time is over; says how many. Tables that were grown beside the live ones may have
    /// some that went meanwhile.
    async fn forget(&self, _db: &mut PgConnection) -> sqlx::Result<u64> {
        Ok(0)
    }
}

/// Whether a read model is in step with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It is written in the same transaction as the facts.
    Inline,
    /// It follows, by its cursor.
    Following,
}

/// A projector with the pace of its tables.
#[derive(Clone)]
pub struct ReadModel {
    /// Who writes it.
    pub projector: Arc<dyn Projector>,
    /// When.
    pub pace: Pace,
}

impl ReadModel {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.projector.name()
    }
}

/// The read models that are in step with every append.
pub fn in_step() -> Vec<Arc<dyn Projector>> {
    vec![
        Arc::new(tenants::Tenants),
        Arc::new(api_keys::ApiKeys),
        Arc::new(send_queue::SendQueue),
        Arc::new(domains::Domains),
        Arc::new(suppressions::Suppressions),
        Arc::new(templates::Templates),
        Arc::new(webhooks::Webhooks),
    ]
}

/// The read models that follow.
pub fn following() -> Vec<Arc<dyn Projector>> {
    vec![
        Arc::new(emails::Emails::default()),
        Arc::new(usage::Usage),
        Arc::new(audit::Audit),
        Arc::new(webhook_deliveries::WebhookDeliveries),
    ]
}

/// All of them.
pub fn all() -> Vec<ReadModel> {
    let with = |pace| move |projector| ReadModel { projector, pace };
    let inline = in_step().into_iter().map(with(Pace::Inline));
    inline.chain(following().into_iter().map(with(Pace::Following))).collect()
}

/// Those in step, as the log's writer takes them.
pub fn inline() -> Vec<Arc<dyn Inline>> {
    let inline = |projector| Arc::new(InStep(projector)) as Arc<dyn Inline>;
    in_step().into_iter().map(inline).collect()
}

/// A projector in the hand of the log's writer.
struct InStep(Arc<dyn Projector>);

#[async_trait]
impl Inline for InStep {
    fn concerns(&self, fact: &Fact) -> bool {
        self.0.concerns(fact)
    }

    fn along(&self) -> Option<&dyn Along> {
        self.0.along()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        self.0.apply(db, facts).await
    }
}
