//! Read tables that are in step with the log.

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use crate::events::{Fact, Recorded};

/// A read table that is written in the same transaction as the facts.
#[async_trait]
pub trait Inline: Send + Sync {
    /// True if such a fact may change it.
    fn concerns(&self, fact: &Fact) -> bool;

    /// Takes in facts that are just being appended, in their order, with bulk statements.
    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()>;

    /// How it goes along with the facts in one statement; none if it cannot.
    fn along(&self) -> Option<&dyn Along> {
        None
    }
}

/// A read table that is written by the statement that writes the facts: for everybody who waits, that is a
/// way to Postgres and back less.
pub trait Along: Send + Sync {
    /// How many values its part of the statement has.
    fn values(&self) -> usize;

    /// Common table expressions, each with a comma before it, of which the values are numbered from `first`.
    /// They join `head`, and so do nothing if that has no row.
    fn sql(&self, first: usize) -> String;

    /// Adds its values for these facts.
    ///
    /// # Errors
    /// For what Postgres would not take.
    fn bind(&self, facts: &[Recorded], values: &mut PgArguments) -> Result<(), BoxDynError>;
}
