//! Killed, doubled or begun anew, a read model counts each fact once.

use std::sync::Arc;

use async_trait::async_trait;
use selfmx::clock::Clock;
use selfmx::events::Recorded;
use selfmx::projections::emails::Emails;
use selfmx::projections::runner::Runner;
use selfmx::projections::usage::Usage;
use selfmx::projections::{self, Projector};
use selfmx::tasks::Tasks;
use sqlx::{PgConnection, PgPool};

use crate::lives::World;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::tables::snapshot;
use crate::truth::{follow, lives, settled};

/// A read model as a later version of the service would have it: grown again from the first fact.
struct Later<P>(P);

#[async_trait]
impl<P: Projector> Projector for Later<P> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> i32 {
        self.0.version() + 1
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        self.0.apply(db, facts).await
    }

    async fn reset(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        self.0.reset(db).await
    }
}

fn later() -> Vec<Arc<dyn Projector>> {
    vec![Arc::new(Later(Emails)), Arc::new(Later(Usage))]
}

/// Waits until each has grown to its later version, and to the head of the log.
async fn grown_again(db: &PgPool) {
    for projector in later() {
        until("it was grown again", async || {
            let grown =
                "select count(*) from projection_cursors where projection = $1 and version = $2
                         and position = (select position from log_head)";
            let grown = sqlx::query_scalar::<_, i64>(grown);
            let grown = grown.bind(projector.name()).bind(projector.version());
            grown.fetch_one(db).await.unwrap() == 1
        })
        .await;
    }
}

async fn lived(node: &Node, clock: &Clock) {
    for acts in lives(3) {
        let mut world = World::begin(node, clock).await;
        world.live(&acts).await;
        world.come_to_rest().await;
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_read_model_of_a_later_version_grows_again_to_the_same(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    lived(&node, &clock).await;
    settled(&db).await;
    let before = snapshot(&db).await;
    Runner::start(later(), &node.pool, &node.store, &clock, &node.tasks);
    grown_again(&db).await;
    assert_eq!(snapshot(&db).await, before);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_read_model_that_is_killed_and_taken_over_counts_each_fact_once(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    follow(&two, &clock);
    for acts in lives(4) {
        // One node's runners are cut off in the middle of whatever they do, again and again.
        let killed = Tasks::new();
        let projectors = projections::following();
        Runner::start(projectors, &one.pool, &one.store, &clock, &killed);
        let mut world = World::begin(&one, &clock).await;
        world.live(&acts[..acts.len() / 2]).await;
        cut_off(&db).await;
        world.live(&acts[acts.len() / 2..]).await;
        assert!(killed.stop(std::time::Duration::from_secs(30)).await);
        world.come_to_rest().await;
    }
    settled(&db).await;
    let before = snapshot(&db).await;
    Runner::start(later(), &one.pool, &one.store, &clock, &one.tasks);
    grown_again(&db).await;
    assert_eq!(snapshot(&db).await, before, "what was grown in peace is the same");
    one.stop().await;
    two.stop().await;
}

/// Ends the connections that hold a cursor, whatever they are about to do with it.
async fn cut_off(db: &PgPool) {
    let end = "select pg_terminate_backend(l.pid) from pg_locks l
               join pg_class c on c.oid = l.relation and c.relname = 'projection_cursors'
               where l.database = (select oid from pg_database where datname = current_database())
                 and l.pid <> pg_backend_pid()";
    sqlx::raw_sql(end).execute(db).await.unwrap();
}
