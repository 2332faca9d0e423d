//! Grows read models again beside the live ones, and puts them in their place.

pub mod stale;
mod swap;

use futures_util::future::try_join_all;

use super::ReadModel;
use super::growth::{Source, grow};
use super::shadow::{Busy, Shadow};
use crate::clock::Clock;
use crate::events::store::ReadError;
use crate::events::store::read::Reader;

/// So often the shadow runs after the log before its swap; whoever is slower than that waits for the rest in
/// the swap itself.
const ROUNDS: usize = 50;

/// Less than this is caught up in the swap itself.
const NEAR: i64 = 500;

/// Why a read model is not grown again. The live one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Two at once would be in each other's way.
    #[error("{0} is being rebuilt already: wait for that, or end it")]
    InProgress(&'static str),
    /// We would put older rows in the place of newer ones.
    #[error("a newer version of the service has grown {0}: rebuild it with that version")]
    Outgrown(&'static str),
    /// A migration came between.
    #[error("the tables of {0} were changed while it was rebuilt: start it again")]
    Changed(&'static str),
    /// The log cannot be read, or not to where the live tables are.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Postgres did not do it.
    #[error("the tables cannot be grown")]
    Database(#[from] sqlx::Error),
}

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So much of the log has been taken in.
    Grown {
        /// Up to this position.
        position: i64,
        /// Of so many, as it was at the beginning.
        head: i64,
    },
    /// Indexes are built.
    Completes(&'static str),
    /// Somebody has been reading the live tables for long; it is tried again.
    Waits(&'static str),
    /// Readers see the new tables.
    Done {
        /// Which read model.
        name: &'static str,
        /// The last fact that it knows.
        position: i64,
    },
}

/// A log, a clock, and somebody to tell how far it has come.
pub struct Rebuild<'a> {
    /// From which it grows.
    pub log: &'a Reader,
    /// Stamps the cursors.
    pub clock: &'a Clock,
    /// Whoever watches.
    pub tell: &'a (dyn Fn(Progress) + Send + Sync),
}

impl Rebuild<'_> {
    /// Grows these read models from the first fact, reading the log once for all of them, and swaps one
    /// after the other. Readers see the old tables or the new ones; what fails leaves the old ones.
    pub async fn run(&self, models: &[ReadModel]) -> Result<(), RebuildError> {
        let mut shadows = Vec::with_capacity(models.len());
        let done = self.all(models, &mut shadows).await;
        for shadow in shadows {
            shadow.vanish().await;
        }
        done
    }

    async fn all(
        &self,
        models: &[ReadModel],
        shadows: &mut Vec<Shadow>,
    ) -> Result<(), RebuildError> {
        for model in models {
            shadows.push(Shadow::beside(self.log.pool(), model).await.map_err(
                |busy| match busy {
                    Busy::Taken => RebuildError::InProgress(model.name()),
                    Busy::Database(error) => error.into(),
                },
            )?);
        }
        let head =
            sqlx::query_scalar!("select position from log_head").fetch_one(self.log.pool()).await?;
        let source = Source { log: self.log, tenant: None };
        // What is not understood at the end stops the live ones there, too: the swap sees whether it does.
        grow(source, shadows, |position| (self.tell)(Progress::Grown { position, head })).await?;
        for shadow in &*shadows {
            (self.tell)(Progress::Completes(shadow.model.name()));
        }
        try_join_all(shadows.iter_mut().map(Shadow::complete)).await?;
        for shadow in shadows {
            self.run_after(shadow).await?;
            self.swap(shadow).await?;
        }
        Ok(())
    }

    /// Takes in what has come while the indexes were built.
    async fn run_after(&self, shadow: &mut Shadow) -> Result<(), RebuildError> {
        let source = Source { log: self.log, tenant: None };
        for _ in 0..ROUNDS {
            let before = shadow.position;
            grow(source, std::slice::from_mut(shadow), |_| {}).await?;
            if shadow.position - before < NEAR {
                break;
            }
        }
        Ok(())
    }
}
