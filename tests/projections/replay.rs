//! Killed, doubled or begun anew, a read model counts each fact once.

use selfmx::clock::Clock;
use selfmx::projections;
use selfmx::projections::rebuild::stale;
use selfmx::projections::runner::Runner;
use selfmx::tasks::Tasks;
use sqlx::PgPool;

use crate::later::later;
use crate::lives::World;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::tables::snapshot;
use crate::truth::{follow, lives, settled};

pub(crate) async fn lived(node: &Node, clock: &Clock) {
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
    stale::start(later(), node.store.reader(), &clock, &node.tasks);
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
    stale::start(later(), one.store.reader(), &clock, &one.tasks);
    grown_again(&db).await;
    assert_eq!(snapshot(&db).await, before, "what was grown in peace is the same");
    one.stop().await;
    two.stop().await;
}

/// Waits until all read models are of the later version.
async fn grown_again(db: &PgPool) {
    until("all were grown again", async || {
        let grown = "select count(*) from (
                         select version from projection_cursors
                         where position = (select position from log_head)
                         union all select version from inline_versions) v
                     where version = 2";
        sqlx::query_scalar::<_, i64>(grown).fetch_one(db).await.unwrap() == 6
    })
    .await;
}

/// Ends the connections that hold a cursor, whatever they are about to do with it.
async fn cut_off(db: &PgPool) {
    let end = "select pg_terminate_backend(l.pid) from pg_locks l
               join pg_class c on c.oid = l.relation and c.relname = 'projection_cursors'
               where l.database = (select oid from pg_database where datname = current_database())
                 and l.pid <> pg_backend_pid()";
    sqlx::raw_sql(end).execute(db).await.unwrap();
}
