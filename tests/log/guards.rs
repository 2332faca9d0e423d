//! What must hold in the moment of the append.

use futures_util::future::{join, join_all, join4};
use selfmx::commands::CommandError;
use selfmx::commands::context::Context;
use selfmx::events::Stream;
use selfmx::events::store::append::{Append, AppendError, Guard, Part};
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::turns::{facts, guarded, hold, occupy};

fn claim(kind: &'static str, owner: TenantId) -> Guard {
    Guard::Claim { kind, name: "acme.com".to_owned(), owner: owner.to_string() }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_decision_on_a_stream_that_has_moved_meanwhile_is_refused(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let (tenant, other) = (TenantId::at(clock.now()), TenantId::at(clock.now()));
    one.store.append(facts(other, 0, 1)).await.unwrap();
    let at = |version| vec![Guard::StreamAt { stream: Stream::tenant(other), version }];
    let refused = two.store.append(guarded(tenant, at(0))).await;
    assert!(matches!(refused, Err(AppendError::Moved(stream)) if stream == Stream::tenant(other)));
    two.store.append(guarded(tenant, at(1))).await.unwrap();
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_name_has_one_owner_whichever_node_is_asked(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let claims = (0..40).map(|n: usize| {
        let tenant = TenantId::at(clock.now());
        let store = if n.is_multiple_of(2) { &one.store } else { &two.store };
        store.append(guarded(tenant, vec![claim("domain", tenant)]))
    });
    let answers = join_all(claims).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    let taken = |answer: &Result<_, _>| matches!(answer, Err(AppendError::Taken { .. }));
    assert_eq!((won, answers.into_iter().filter(taken).count()), (1, 39));
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_name_of_one_kind_is_not_lost_when_another_kind_asks_for_the_same(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (first, second) = (TenantId::at(clock.now()), TenantId::at(clock.now()));
    node.store.append(guarded(first, vec![claim("domain", first)])).await.unwrap();
    let both = vec![claim("domain", second), claim("template", second)];
    let refused = node.store.append(guarded(second, both)).await;
    assert!(matches!(refused, Err(AppendError::Taken { kind: "domain", .. })), "{refused:?}");
    node.store.append(guarded(second, vec![claim("template", second)])).await.unwrap();
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn an_allowance_is_used_to_the_last_unit_by_a_burst_over_two_nodes(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    one.commands.run(&context, &asks::tenant(tenant, "acme.com", Some(40))).await.unwrap();
    let sends: Vec<_> =
        (0..120).map(|_| asks::email(tenant, &["ann@example.org"], &clock)).collect();
    let burst = sends.iter().enumerate().map(|(n, send)| {
        let node = if n.is_multiple_of(2) { &one } else { &two };
        node.commands.run(&context, send)
    });
    let answers = join_all(burst).await;
    let sent = answers.iter().filter(|answer| answer.is_ok()).count();
    let refused = answers.iter().filter(|answer| {
        matches!(answer, Err(CommandError::OverQuota { limit: 40, used: 40, .. }))
    });
    assert_eq!((sent, refused.count()), (40, 80));
    let used: i64 =
        sqlx::query_scalar("select used from daily_quotas").fetch_one(&db).await.unwrap();
    assert_eq!(used, 40);
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn what_the_database_itself_refuses_does_not_fail_its_neighbours(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let (tenant, context) = (TenantId::at(clock.now()), Context::of("test"));
    node.commands.run(&context, &asks::tenant(tenant, "acme.com", None)).await.unwrap();
    let send = asks::email(tenant, &["ann@example.org"], &clock);
    let sent = node.commands.run(&context, &send).await.unwrap().facts;
    // The judge knows versions; that the queue holds this email already only the database knows.
    let stream = Stream::email(tenant, send.email);
    let part = Part { stream, expected: 1, facts: sent };
    let twice = Append { parts: vec![part], ..facts(tenant, 0, 1) };

    let turn = hold(&db).await;
    occupy(&node.store, &db, &clock).await;
    let mut appends: Vec<_> = (0..100).map(|_| facts(TenantId::at(clock.now()), 0, 1)).collect();
    appends.insert(37, twice);
    let appends = join_all(appends.into_iter().map(|append| node.store.append(append)));
    let (answers, ()) = join(appends, async { turn.commit().await.unwrap() }).await;
    assert!(matches!(answers[37], Err(AppendError::Database(_))));
    let positions: Vec<i64> =
        answers.into_iter().flatten().flatten().map(|fact| fact.position).collect();
    assert_eq!(positions, (4..104).collect::<Vec<_>>(), "no gap, and in the order of asking");
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn who_is_refused_does_not_fail_its_neighbours(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let turn = hold(&db).await;
    occupy(&node.store, &db, &clock).await;
    let tenant = TenantId::at(clock.now());
    let append = |append| node.store.append(append);
    let (first, same, other, ()) = join4(
        append(facts(tenant, 0, 1)),
        append(facts(tenant, 0, 1)),
        append(facts(TenantId::at(clock.now()), 0, 1)),
        async { turn.commit().await.unwrap() },
    )
    .await;
    assert_eq!(first.unwrap()[0].position, 2);
    assert!(matches!(same, Err(AppendError::Conflict)));
    assert_eq!(other.unwrap()[0].position, 3);
    node.stop().await;
}
