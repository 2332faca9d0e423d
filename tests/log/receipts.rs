//! The same key and request give the same answer for a day.

use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::{join, join_all};
use selfmx::clock::Clock;
use selfmx::commands::CommandError;
use selfmx::commands::context::{Context, Repeatable};
use selfmx::commands::email::{EmailState, SendEmail};
use selfmx::commands::executor::Once;
use selfmx::commands::past::Done;
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::turns::waiting;

type Answer = Result<Once<EmailState>, CommandError<selfmx::commands::email::send_email::Refusal>>;

/// Asks once for a new email of which the answer tells the id, as a caller who repeats himself does.
async fn ask(node: &Node, tenant: TenantId, request: &str, clock: &Clock) -> (String, Answer) {
    ask_under(node, tenant, ("order-42", request), clock).await
}

async fn ask_under(
    node: &Node,
    tenant: TenantId,
    (key, request): (&str, &str),
    clock: &Clock,
) -> (String, Answer) {
    let send: SendEmail = asks::email(tenant, &["ann@example.org"], clock);
    let repeatable =
        Repeatable { scope: tenant.to_string(), key: key.to_owned(), request: request.to_owned() };
    let id = send.email.to_string();
    let answer = |_: &Done<EmailState>| id.clone().into_bytes();
    let answered = node.commands.run_once(&Context::of("test"), &send, &repeatable, &answer).await;
    (id, answered)
}

async fn accepted(db: &PgPool) -> i64 {
    let count = "select count(*) from events where type = 'email.accepted'";
    sqlx::query_scalar(count).fetch_one(db).await.unwrap()
}

/// A tenant that may send as much as it likes.
pub(crate) async fn acme(node: &Node, clock: &Clock) -> TenantId {
    let tenant = TenantId::at(clock.now());
    let acme = asks::tenant(tenant, "acme.com", None);
    node.commands.run(&Context::of("test"), &acme).await.unwrap();
    tenant
}

#[sqlx::test(migrations = "./migrations")]
async fn a_request_that_is_raced_fifty_fold_is_carried_out_once(db: PgPool) {
    let clock = clock();
    let (one, two) = (Node::start(&db, &clock).await, Node::start(&db, &clock).await);
    let tenant = acme(&one, &clock).await;
    let race = (0..50).map(|n: usize| {
        let node = if n.is_multiple_of(2) { &one } else { &two };
        ask(node, tenant, "a", &clock)
    });
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for (id, answer) in join_all(race).await {
        match answer.unwrap() {
            Once::Done(_) => first.push(id),
            Once::Again(answer) => again.push(String::from_utf8(answer).unwrap()),
        }
    }
    assert_eq!((first.len(), again.len(), accepted(&db).await), (1, 49, 1));
    assert!(again.iter().all(|answer| *answer == first[0]), "all get the first answer");
    one.stop().await;
    two.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn the_same_key_with_another_request_is_refused(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let tenant = acme(&node, &clock).await;
    ask(&node, tenant, "a", &clock).await.1.unwrap();
    let (_, other) = ask(&node, tenant, "b", &clock).await;
    assert!(matches!(other, Err(CommandError::KeyReused)));
    assert_eq!(accepted(&db).await, 1);
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_receipt_that_is_given_anew_is_not_swept_away_with_the_old_one(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let tenant = acme(&node, &clock).await;
    ask(&node, tenant, "a", &clock).await.1.unwrap();
    let day = Duration::from_secs(86_400);
    clock.advance(day);
    let mut anew = db.begin().await.unwrap();
    let refresh = "update receipts set request = 'b', created_at = created_at + interval '1 day'";
    sqlx::raw_sql(refresh).execute(&mut *anew).await.unwrap();
    let commit = async {
        until("the sweeper waits for the row", async || waiting(&db, 1).await).await;
        anew.commit().await.unwrap();
    };
    let (forgotten, ()) = join(node.store.forget_receipts(clock.now().minus(day)), commit).await;
    assert_eq!(forgotten.unwrap(), 0);
    assert!(matches!(ask(&node, tenant, "b", &clock).await.1, Ok(Once::Again(_))));
    node.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn after_a_day_a_key_is_free_again_and_not_before(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let tenant = acme(&node, &clock).await;
    ask(&node, tenant, "a", &clock).await.1.unwrap();
    clock.advance(Duration::from_secs(86_399));
    assert!(matches!(ask(&node, tenant, "a", &clock).await.1, Ok(Once::Again(_))));
    clock.advance(Duration::from_secs(1));
    assert!(matches!(ask(&node, tenant, "b", &clock).await.1, Ok(Once::Done(_))));
    assert!(matches!(ask(&node, tenant, "b", &clock).await.1, Ok(Once::Again(_))));
    assert_eq!(accepted(&db).await, 2);
    node.stop().await;
}

/// Postgres had planned for the few of a new installation, and went on to read all receipts of the day in each turn.
#[sqlx::test(migrations = "./migrations")]
async fn a_receipt_is_found_by_its_key_however_many_there_are(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let tenant = acme(&node, &clock).await;
    // It must not be told by chance that there are more.
    let unwatched = "alter table receipts set (autovacuum_enabled = off)";
    sqlx::raw_sql(unwatched).execute(&db).await.unwrap();
    others(&db, 1..=100).await;
    sqlx::raw_sql("analyze receipts").execute(&db).await.unwrap();
    for n in 0..10 {
        ask_under(&node, tenant, (&format!("early-{n}"), "a"), &clock).await.1.unwrap();
    }
    others(&db, 101..=5_000).await;
    for n in 0..10 {
        ask_under(&node, tenant, (&format!("late-{n}"), "a"), &clock).await.1.unwrap();
    }
    // A session tells what it has read at its end.
    node.stop().await;
    let read = "select coalesce(sum(idx_tup_read), 0)::bigint from pg_stat_user_indexes
                where indexrelname = 'receipts_created_at_index'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&db).await.unwrap();
    assert_eq!(read, 0, "receipts were looked up by their age");
}

/// Receipts of others, given just now.
async fn others(db: &PgPool, keys: RangeInclusive<i32>) {
    let (first, last) = (keys.start(), keys.end());
    let now = clock().now();
    let insert = format!(
        "insert into receipts
         select 'other', n::text, repeat('r', 64), repeat('a', 200)::bytea, '{now}'
         from generate_series({first}, {last}) n"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(db).await.unwrap();
}
