//! Turns that do not wait in the queue: they hold only if nobody else was faster.

use futures_util::future::{join, join_all};
use selfmx::commands::CommandError;
use selfmx::commands::context::{Context, Repeatable};
use selfmx::commands::email::SendEmail;
use selfmx::commands::email::send_email::Refusal;
use selfmx::commands::executor::Once;
use selfmx::commands::tenant::SuspendTenant;
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::receipts::acme;
use crate::turns::{hold, waiting};

async fn count(db: &PgPool, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = "./migrations")]
async fn mails_that_two_nodes_accept_at_once_stand_each_once_and_without_gaps(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let (tenant, context) = (acme(&one, &clock).await, Context::of("test"));
    let begun = one.store.ask_head().await.unwrap();
    let sends: Vec<_> =
        (0..400).map(|_| asks::email(tenant, &["ann@example.org"], &clock)).collect();
    let nodes = [&one, &two];
    let each = sends.iter().zip(nodes.iter().cycle());
    let answers =
        join_all(each.map(async |(send, node)| node.commands.run(&context, send).await)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(one.store.ask_head().await.unwrap(), begun + 400);
    let accepted = "select count(distinct position) from events where type = 'email.accepted'";
    assert_eq!(count(&db, accepted).await, 400);
    assert_eq!(count(&db, "select max(position) from events").await, begun + 400);
    assert_eq!(count(&db, "select count(*) from send_queue").await, 400);
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_mail_that_finds_the_turn_taken_waits_for_it(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, context) = (acme(&node, &clock).await, Context::of("test"));
    let send = asks::email(tenant, &["ann@example.org"], &clock);
    let held = hold(&db).await;
    let release = async {
        until("the writer waits for the turn", async || waiting(&db, 1).await).await;
        held.rollback().await.unwrap();
    };
    let (sent, ()) = join(node.commands.run(&context, &send), release).await;
    sent.unwrap();
    assert_eq!(count(&db, "select count(*) from send_queue").await, 1);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_another_node_decided_is_not_overlooked_by_one_that_goes_on_sending(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let (tenant, context) = (acme(&one, &clock).await, Context::of("test"));
    let send = || asks::email(tenant, &["ann@example.org"], &clock);
    for _ in 0..3 {
        one.commands.run(&context, &send()).await.unwrap();
    }
    two.commands.run(&context, &SuspendTenant { tenant }).await.unwrap();
    let refused = one.commands.run(&context, &send()).await;
    assert!(matches!(refused, Err(CommandError::Refused(Refusal::Suspended))), "{refused:?}");
    assert_eq!(count(&db, "select count(*) from send_queue").await, 3);
    one.stop().await;
    two.stop().await;
}

/// The turn knew from the one before that the allowance was used up, and not that the request had been answered.
#[sqlx::test(migrations = "./migrations")]
async fn a_repeat_gets_its_answer_although_the_allowance_has_been_used_up_by_it(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, other) = (TenantId::at(clock.now()), TenantId::at(clock.now()));
    let context = Context::of("test");
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", Some(1))).await.unwrap();
    node.commands.run(&context, &asks::tenant(other, "other.com", None)).await.unwrap();
    let send = |tenant| asks::email(tenant, &["ann@example.org"], &clock);
    let theirs = || SendEmail { from: Some("hello@other.com".parse().unwrap()), ..send(other) };
    let repeatable = Repeatable {
        scope: tenant.to_string(),
        key: "order-42".to_owned(),
        request: "a".to_owned(),
    };
    let ask = async || {
        let answer = |_: &_| b"first".to_vec();
        node.commands.run_once(&context, &send(tenant), &repeatable, &answer).await
    };
    node.commands.run(&context, &theirs()).await.unwrap();
    assert!(matches!(ask().await, Ok(Once::Done(_))));
    // Both in one turn, of which something is written.
    let (theirs, again) = (theirs(), ask());
    let (sent, again) = join(node.commands.run(&context, &theirs), again).await;
    sent.unwrap();
    assert!(matches!(&again, Ok(Once::Again(answer)) if answer == b"first"), "{again:?}");
    assert_eq!(count(&db, "select count(*) from send_queue").await, 3);
    node.stop().await;
}

/// Postgres knew the queue as empty, as it is after a rebuild, and each turn went on to read all of it.
#[sqlx::test(migrations = "./migrations")]
async fn a_turn_looks_for_its_own_mails_in_a_queue_however_long_it_is(db: PgPool) {
    let unwatched = "alter table send_queue set (autovacuum_enabled = off)";
    sqlx::raw_sql(unwatched).execute(&db).await.unwrap();
    sqlx::raw_sql("vacuum analyze send_queue").execute(&db).await.unwrap();
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, context) = (acme(&node, &clock).await, Context::of("test"));
    let send = || asks::email(tenant, &["ann@example.org"], &clock);
    for _ in 0..10 {
        node.commands.run(&context, &send()).await.unwrap();
    }
    let others = "insert into send_queue (email_id, tenant_id, priority, due_at, pending)
                  select n::text, 'other', 1, now(), 1 from generate_series(1, 5000) n";
    sqlx::raw_sql(others).execute(&db).await.unwrap();
    for _ in 0..10 {
        node.commands.run(&context, &send()).await.unwrap();
    }
    // A session tells what it has read at its end.
    node.stop().await;
    let read = "select coalesce(sum(idx_tup_read), 0)::bigint from pg_stat_user_indexes
                where relname = 'send_queue'";
    assert_eq!(count(&db, read).await, 0, "who only adds to the queue has read it");
}
