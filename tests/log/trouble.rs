//! The database goes away, the queue is full, the service stops.

use std::time::Duration;

use futures_util::future::{join, join_all};
use selfmx::commands::CommandError;
use selfmx::commands::context::Context;
use selfmx::events::store::append::{AppendError, QUEUE};
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::turns::{facts, hold, occupy, waiting};

#[sqlx::test(migrations = "./migrations")]
async fn a_fact_that_nobody_could_read_again_is_not_written(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    let mut acme = asks::tenant(tenant, "acme.com", None);
    acme.settings.from_name = Some("two\nlines".to_owned());
    node.commands.run(&context, &acme).await.unwrap();
    let mut send = asks::email(tenant, &["ann@example.org"], &clock);
    send.from = Some("hello@acme.com".parse().unwrap());
    let refused = node.commands.run(&context, &send).await;
    assert!(matches!(refused, Err(CommandError::Unsaid(_))));
    assert!(node.store.read(0, 10).await.unwrap().trouble.is_none(), "the log stays readable");
    node.stop().await;
}

const CUT_OFF: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'";

#[sqlx::test(migrations = "./migrations")]
async fn when_the_database_goes_away_callers_are_told_and_afterwards_it_works_again(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let turn = hold(&db).await;
    let append = node.store.append(facts(TenantId::at(clock.now()), 0, 1));
    let cut_off = async {
        until("the writer waits for the turn", async || waiting(&db, 1).await).await;
        sqlx::raw_sql(CUT_OFF).execute(&db).await.unwrap();
    };
    let (answer, ()) = join(append, cut_off).await;
    assert!(matches!(answer, Err(AppendError::Database(_))), "{answer:?}");
    turn.rollback().await.unwrap();
    let recorded = node.store.append(facts(TenantId::at(clock.now()), 0, 1)).await.unwrap();
    assert_eq!(recorded[0].position, 1, "what failed has left no gap");
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_waits_when_the_service_stops_is_still_written(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let turn = hold(&db).await;
    occupy(&node.store, &db, &clock).await;
    let appends =
        join_all((0..300).map(|_| node.store.append(facts(TenantId::at(clock.now()), 0, 1))));
    let stop = async {
        let stopped = node.tasks.stop(Duration::from_secs(30));
        let (stopped, ()) = join(stopped, async { turn.commit().await.unwrap() }).await;
        assert!(stopped);
    };
    let (answers, ()) = join(appends, stop).await;
    assert!(answers.iter().all(Result::is_ok));
    let late = node.store.append(facts(TenantId::at(clock.now()), 0, 1)).await;
    assert!(matches!(late, Err(AppendError::Stopping)));
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_full_queue_says_so_at_once_and_loses_nothing_that_it_took(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let turn = hold(&db).await;
    occupy(&node.store, &db, &clock).await;
    let one_more = QUEUE + 1;
    let appends =
        join_all((0..one_more).map(|_| node.store.append(facts(TenantId::at(clock.now()), 0, 1))));
    let (answers, ()) = join(appends, async { turn.commit().await.unwrap() }).await;
    let full = |answer: &&Result<_, _>| matches!(answer, Err(AppendError::Full));
    assert_eq!(answers.iter().filter(full).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), QUEUE);
    node.stop().await;
}
