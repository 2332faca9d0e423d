//! Read models that follow the log side by side, and not at one speed.

use std::sync::Arc;

use async_trait::async_trait;
use selfmx::commands::context::Context;
use selfmx::events::Recorded;
use selfmx::projections::Projector;
use selfmx::projections::runner::{Runner, caught_up};
use selfmx::projections::table::Table;
use selfmx::values::TenantId;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Semaphore;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;

/// Follows and keeps nothing; each piece needs leave.
struct Follower {
    name: &'static str,
    leave: Arc<Semaphore>,
}

#[async_trait]
impl Projector for Follower {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        &[]
    }

    async fn apply(&self, _: &mut PgConnection, _: &[Recorded]) -> sqlx::Result<()> {
        let _leave = self.leave.acquire().await.unwrap();
        Ok(())
    }
}

/// How far a follower is.
async fn position(db: &PgPool, name: &str) -> i64 {
    let position =
        sqlx::query_scalar!("select position from projection_cursors where projection = $1", name);
    position.fetch_optional(db).await.unwrap().unwrap_or(0)
}

#[sqlx::test(migrations = "./migrations")]
async fn whoever_falls_behind_by_several_pieces_catches_up_without_waiting_for_the_next_fact(
    db: PgPool,
) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let held = Arc::new(Semaphore::new(0));
    let free = Arc::new(Semaphore::new(1));
    let followers: Vec<Arc<dyn Projector>> = vec![
        Arc::new(Follower { name: "held", leave: Arc::clone(&held) }),
        Arc::new(Follower { name: "free", leave: free }),
    ];
    Runner::start(followers, &node.pool, &node.store, &clock, &node.tasks);
    let context = Context::of("test");
    for fact in 1..=5 {
        let domain = format!("acme{fact}.com");
        let create = asks::tenant(TenantId::at(clock.now()), &domain, None);
        node.commands.run(&context, &create).await.unwrap();
        until("the other one has taken it in", async || position(&db, "free").await == fact).await;
    }
    held.add_permits(1);
    let freshness = caught_up(&db, "held").await.unwrap();
    assert!(freshness.caught_up, "who reads it was told to come again: {freshness:?}");
    node.stop().await;
}
