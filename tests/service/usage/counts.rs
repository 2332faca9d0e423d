//! The counters add up, and are what the facts say.

use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, App, Tenant};
use crate::support::relay::{Act, Step, TestRelay};

/// Recipients with each outcome, and one without: a mail to come.
async fn lives(app: &App, acme: &Tenant, relay: &TestRelay) {
    let to = |to: &[&str]| acme.hello_with(&json!({"to": to}));
    relay.refuse("bounce@example.org", "550 5.1.1 no such user");
    relay.refuse("defer@example.org", "450 4.2.1 try later");
    let mixed = ["a@example.org", "b@example.org", "bounce@example.org", "defer@example.org"];
    acme.sends(&to(&mixed)).await;
    let later = json!({"to": ["c@example.org", "d@example.org"], "cc": "e@example.org",
                       "scheduled_at": "2024-01-20T00:00:00Z"});
    let cancelled = acme.sends(&acme.hello_with(&later)).await;
    acme.caller.delete(&format!("/v1/emails/{cancelled}")).await.expect(200);
    for seconds in [60, 300, 1_800] {
        app.settle().await;
        app.advance(seconds);
    }
    app.settle().await;
}

fn counters(usage: &Answer) -> Vec<i64> {
    let names = ["sent", "delivered", "bounced", "failed", "cancelled"];
    names.iter().map(|name| usage.number_at(&format!("/emails_{name}"))).collect()
}

/// The same, counted from the facts by plain SQL.
async fn counted(app: &App, acme: &Tenant) -> Vec<i64> {
    sqlx::query_scalar::<_, i64>(
        "with f as (select type, payload from events where tenant_id = $1)
         select n from (
             select 1, coalesce(sum(
                        (payload->'recipients'->>'to')::bigint
                        + (payload->'recipients'->>'cc')::bigint
                        + (payload->'recipients'->>'bcc')::bigint), 0)::bigint
             from f where type = 'email.accepted'
             union all select 2, count(*) from f where type = 'email.recipient_delivered'
             union all select 3, count(*) from f where type = 'email.recipient_bounced'
             union all select 4, count(*) from f where type = 'email.recipient_failed'
             union all select 5, coalesce(sum(json_array_length(payload->'recipients')), 0)::bigint
             from f where type = 'email.cancelled'
         ) counts(place, n) order by place",
    )
    .bind(&acme.id)
    .fetch_all(&app.pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn each_recipient_ends_in_one_counter_and_all_are_what_the_facts_say(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    lives(&app, &acme, &relay).await;
    let usage = app.admin().get(&acme.path("/usage")).await.expect(200);
    assert_eq!(counters(&usage), [7, 2, 1, 1, 3]);
    assert_eq!(counters(&usage), counted(&app, &acme).await);
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_on_its_way_is_sent_but_has_no_outcome_yet(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    relay.once(Step::End, Act::Wait);
    acme.sends(&acme.hello()).await;
    let usage = acme.caller.get("/v1/usage").await.expect(200);
    assert_eq!(counters(&usage), [1, 0, 0, 0, 0]);
    relay.go_on();
    app.settle().await;
    let usage = acme.caller.get("/v1/usage").await.expect(200);
    assert_eq!(counters(&usage), [1, 1, 0, 0, 0]);
    app.stop().await;
}

#[sqlx::test]
async fn a_refused_mail_counts_as_a_request_and_not_as_sent(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let foreign = acme.hello_with(&json!({"from": "a@elsewhere.com"}));
    acme.caller.post("/v1/send", &foreign).await.expect(422);
    let usage = acme.caller.get("/v1/usage").await.expect(200);
    assert_eq!(counters(&usage), [0; 5]);
    assert_eq!(usage.number_at("/api_requests"), 2);
    app.stop().await;
}
