//! Positions and versions.

use futures_util::future::{join, join_all};
use selfmx::clock::Clock;
use selfmx::commands::context::Context;
use selfmx::events::Stream;
use selfmx::events::store::EventStore;
use selfmx::events::store::append::AppendError;
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::turns::facts;

/// Follows the log from its beginning: whoever reads so must meet every fact, each in its place.
async fn follow(store: &EventStore, count: i64) {
    let mut head = store.head();
    let mut seen = 0;
    while seen < count {
        let piece = store.read(seen, 50).await.unwrap();
        assert!(piece.trouble.is_none());
        if piece.facts.is_empty() {
            head.changed().await.unwrap();
        }
        for fact in piece.facts {
            assert_eq!(fact.position, seen + 1, "a position was missing, or came late");
            seen = fact.position;
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn positions_have_no_gaps_and_come_in_the_order_of_commits_from_two_nodes(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let appends = (0..600).map(|n: usize| {
        let store = if n.is_multiple_of(2) { &one.store } else { &two.store };
        store.append(facts(TenantId::at(clock.now()), 0, n % 3 + 1))
    });
    let (answers, ()) = join(join_all(appends), follow(&two.store, 1_200)).await;
    for answer in answers {
        let recorded = answer.unwrap();
        for (before, after) in recorded.iter().zip(&recorded[1..]) {
            assert_eq!(after.position, before.position + 1, "one append stands together");
        }
    }
    assert_eq!(one.store.ask_head().await.unwrap(), 1_200);
    let (first, last, count): (i64, i64, i64) = (
        sqlx::query_scalar("select min(position) from events").fetch_one(&db).await.unwrap(),
        sqlx::query_scalar("select max(position) from events").fetch_one(&db).await.unwrap(),
        sqlx::query_scalar("select count(*) from events").fetch_one(&db).await.unwrap(),
    );
    assert_eq!((first, last, count), (1, 1_200, 1_200));
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn of_two_who_saw_the_same_past_one_is_told_of_the_conflict(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let tenants: Vec<TenantId> = (0..40).map(|_| TenantId::at(clock.now())).collect();
    let races = tenants.iter().map(|tenant| {
        join(one.store.append(facts(*tenant, 0, 2)), two.store.append(facts(*tenant, 0, 2)))
    });
    for answers in join_all(races).await {
        match answers {
            (Ok(won), Err(AppendError::Conflict)) | (Err(AppendError::Conflict), Ok(won)) => {
                assert_eq!(won.iter().map(|fact| fact.version).collect::<Vec<_>>(), [1, 2]);
            }
            others => panic!("{others:?}"),
        }
    }
    for tenant in tenants {
        let past = one.store.load(&Stream::tenant(tenant)).await.unwrap();
        assert_eq!(past.iter().map(|fact| fact.version).collect::<Vec<_>>(), [1, 2]);
    }
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_caller_is_told_the_moment_that_the_log_keeps(db: PgPool) {
    let clock = Clock::system();
    let node = Node::start(&db, &clock).await;
    let tenant = TenantId::at(clock.now());
    let acme = asks::tenant(tenant, "acme.com", None);
    let done = node.commands.run(&Context::of("test"), &acme).await.unwrap();
    let past = node.store.load(&Stream::tenant(tenant)).await.unwrap();
    assert_eq!(past[0].at, done.at);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn somebody_elses_stream_is_an_empty_one(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, other) = (TenantId::at(clock.now()), TenantId::at(clock.now()));
    let sent = asks::email(tenant, &["ann@example.org"], &clock);
    let acme = asks::tenant(tenant, "acme.com", None);
    let context = Context::of("test");
    node.commands.run(&context, &acme).await.unwrap();
    node.commands.run(&context, &sent).await.unwrap();
    assert_eq!(node.store.load(&Stream::email(tenant, sent.email)).await.unwrap().len(), 1);
    assert_eq!(node.store.load(&Stream::email(other, sent.email)).await.unwrap(), []);
    node.stop().await;
}
