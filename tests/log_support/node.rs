//! A node as `serve` joins it, without HTTP and without delivery.

use std::time::Duration;

use selfmx::clock::Clock;
use selfmx::commands::executor::Executor;
use selfmx::events::store::{EventStore, Parts};
use selfmx::projections;
use selfmx::tasks::Tasks;
use selfmx::values::SecretKey;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// The installation's own key in every test.
pub(crate) fn root() -> SecretKey {
    SecretKey::new("the secret of all tests, 32 characters").unwrap()
}

/// One process of the service, with connections of its own.
pub(crate) struct Node {
    pub(crate) store: EventStore,
    pub(crate) commands: Executor,
    pub(crate) pool: PgPool,
    pub(crate) tasks: Tasks,
}

impl Node {
    /// Starts on the test's database.
    pub(crate) async fn start(db: &PgPool, clock: &Clock) -> Self {
        let options = (*db.connect_options()).clone();
        let pool = PgPoolOptions::new().max_connections(6).connect_with(options).await.unwrap();
        let tasks = Tasks::new();
        let parts = Parts { pool: pool.clone(), clock: clock.clone(), root: root() };
        let store = EventStore::start(parts, projections::inline(), &tasks);
        let commands = Executor::new(store.clone(), clock.clone());
        Self { store, commands, pool, tasks }
    }

    /// Stops, and leaves the database so that it can be dropped.
    pub(crate) async fn stop(self) {
        assert!(self.tasks.stop(Duration::from_secs(30)).await, "a task did not stop");
        self.pool.close().await;
    }
}

/// A clock that stands still at half past ten.
pub(crate) fn clock() -> Clock {
    Clock::held_at("2024-01-15T10:30:00Z".parse().unwrap())
}
