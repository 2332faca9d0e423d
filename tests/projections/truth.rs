//! Whatever is lived, the tables say what the log says, and the counts add up.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use selfmx::projections;
use selfmx::projections::runner::{Runner, caught_up};
use sqlx::PgPool;

use crate::fold::Truth;
use crate::lives::{Act, World, life};
use crate::node::{Node, clock};
use crate::patience::until;
use crate::tables::numbers;

/// Some lives, the same in every run.
pub(crate) fn lives(count: usize) -> Vec<Vec<Act>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| life().new_tree(&mut runner).unwrap().current()).collect()
}

/// Starts the following read models of a node.
pub(crate) fn follow(node: &Node, clock: &selfmx::clock::Clock) {
    Runner::start(projections::following(), &node.pool, &node.store, clock, &node.tasks);
}

/// Waits until all that follow know all that happened.
pub(crate) async fn settled(db: &PgPool) {
    for projection in projections::following() {
        until("the read model has caught up", async || {
            caught_up(db, projection.name()).await.unwrap().caught_up
        })
        .await;
    }
}

/// The tables in the words of the fold.
async fn told(db: &PgPool) -> Truth {
    let mut truth = Truth::default();
    let emails =
        sqlx::query!("select id, status, attempts from emails").fetch_all(db).await.unwrap();
    for row in emails {
        truth.emails.insert(row.id, (row.status, row.attempts, BTreeMap::new()));
    }
    let recipients = sqlx::query!("select email_id, address, status from email_recipients");
    for row in recipients.fetch_all(db).await.unwrap() {
        truth.emails.get_mut(&row.email_id).unwrap().2.insert(row.address, row.status);
    }
    for row in sqlx::query!("select * from usage").fetch_all(db).await.unwrap() {
        let counts = [
            row.emails_sent,
            row.emails_delivered,
            row.emails_bounced,
            row.emails_failed,
            row.emails_cancelled,
            row.api_requests,
            row.emails_suppressed,
            row.emails_complained,
        ];
        truth.usage.insert((row.tenant_id, row.day.to_string()), counts);
    }
    for row in sqlx::query!("select id, status from tenants").fetch_all(db).await.unwrap() {
        truth.tenants.insert(row.id, row.status);
    }
    for row in sqlx::query!("select email_id, pending from send_queue").fetch_all(db).await.unwrap()
    {
        truth.queue.insert(row.email_id, row.pending);
    }
    truth
}

#[sqlx::test(migrations = "./migrations")]
async fn the_tables_say_what_a_fold_of_the_log_says(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    for acts in lives(8) {
        let mut world = World::begin(&node, &clock).await;
        world.live(&acts).await;
        settled(&db).await;
        let facts = node.store.read(0, 100_000).await.unwrap().facts;
        assert_eq!(told(&db).await, Truth::of(&facts));
        // The next life has the domains to itself.
        world.come_to_rest().await;
    }
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn at_rest_everything_that_was_sent_has_come_to_something(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    follow(&node, &clock);
    for acts in lives(12).into_iter().skip(8) {
        let mut world = World::begin(&node, &clock).await;
        world.live(&acts).await;
        world.come_to_rest().await;
    }
    settled(&db).await;
    let open = "select array_agg(count) from (
        select count(*) from send_queue
        union all select count(*) from emails where status in ('queued', 'sending')
        union all select count(*) from (
            select tenant_id from usage group by tenant_id
            having sum(emails_sent) <> sum(emails_delivered + emails_bounced + emails_failed
                                           + emails_cancelled)) unequal) open";
    assert_eq!(numbers(&db, open).await, [0, 0, 0]);
    let table = "select array[sum(emails_sent), sum(emails_delivered), sum(emails_bounced),
        sum(emails_failed), sum(emails_cancelled), sum(api_requests)]::bigint[] from usage";
    let log = "select array[
        sum((payload->'recipients'->>'to')::bigint) filter (where type = 'email.accepted'),
        count(*) filter (where type = 'email.recipient_delivered'),
        count(*) filter (where type = 'email.recipient_bounced'),
        count(*) filter (where type = 'email.recipient_failed'),
        sum(json_array_length(payload->'recipients')) filter (where type = 'email.cancelled'),
        sum((payload->>'requests')::bigint) filter (where type = 'usage.api_requests_counted')
        ]::bigint[] from events";
    let counts = numbers(&db, table).await;
    assert_eq!(counts, numbers(&db, log).await);
    assert!(counts.iter().all(|count| *count > 0), "each sort of outcome was lived: {counts:?}");
    node.stop().await;
}
