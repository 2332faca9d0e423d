//! Tells webhooks what happened: takes what is due, fairly, and says what came of it.

mod allowance;
mod flights;
mod payload;
mod pruner;
mod told;
mod worker;

use std::time::Duration;

use sqlx::PgPool;

use crate::clock::Clock;
use crate::commands::executor::Executor;
use crate::notices::Poster;
use crate::tasks::Tasks;
use crate::values::SecretKey;

/// All that telling needs.
#[derive(Clone)]
pub struct Webhooks {
    /// The deliveries.
    pub pool: PgPool,
    /// The log, and what disables a webhook.
    pub commands: Executor,
    /// Opens the secrets.
    pub secrets: SecretKey,
    /// Posts.
    pub poster: Poster,
    /// Notices on their way at once.
    pub workers: usize,
    /// A notice is ours for so long: longer than any try.
    pub lease: Duration,
    /// What time it is.
    pub clock: Clock,
}

impl Webhooks {
    /// Tells until the tasks are stopped.
    pub fn start(self, tasks: &Tasks) {
        let pruner = pruner::run(self.pool.clone(), self.clock.clone(), tasks.stopping());
        tasks.spawn("old notices", pruner);
        let worker = worker::Worker::new(self, tasks.clone());
        tasks.spawn("webhooks", worker.run());
    }
}
