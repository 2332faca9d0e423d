//! Every authenticated request is counted, and whoever reads finds all up to its own.

use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_read_counts_itself_and_all_before_it_whatever_they_came_to(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.caller.get("/v1/emails").await.expect(200);
    acme.caller.get("/v1/emails/msg_none").await.expect(404);
    acme.caller.get("/v1/tenants").await.expect(403);
    acme.caller.post("/v1/send", &json!({"to": 7})).await.expect(422);
    acme.caller.delete("/v1/send").await.expect(405);
    // Nobody's requests: without a key, with a wrong one, and an admin's.
    app.nobody().get("/v1/emails").await.expect(401);
    app.caller("sk_live_wrong").get("/v1/emails").await.expect(401);
    app.admin().get(&acme.path("/emails")).await.expect(200);
    for reads in 1..4 {
        let usage = acme.caller.get("/v1/usage").await.expect(200);
        assert_eq!(usage.number_at("/api_requests"), 5 + reads);
        assert_eq!(usage.text_at("/as_of"), "2024-01-15T10:30:00Z");
    }
    let usage = app.admin().get(&acme.path("/usage")).await.expect(200);
    assert_eq!(usage.number_at("/api_requests"), 8);
    app.stop().await;
}

#[sqlx::test]
async fn requests_to_two_nodes_are_all_found_by_whoever_asks_one(db: PgPool) {
    let one = App::start(&db).await;
    let two = App::beside(&db, &one.clock, &[]).await;
    let acme = one.tenant("acme.com").await;
    let there = two.caller(&acme.token);
    join_all((0..50).map(|number| {
        let caller = if number % 2 == 0 { &acme.caller } else { &there };
        caller.get("/v1/emails")
    }))
    .await;
    assert_eq!(there.get("/v1/usage").await.expect(200).number_at("/api_requests"), 51);
    assert_eq!(acme.caller.get("/v1/usage").await.expect(200).number_at("/api_requests"), 52);
    two.stop().await;
    one.stop().await;
}

#[sqlx::test]
async fn requests_are_facts_so_that_a_bill_can_be_traced(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for _ in 0..3 {
        acme.caller.get("/v1/emails").await.expect(200);
    }
    let usage = acme.caller.get("/v1/usage").await.expect(200);
    let counted: i64 = sqlx::query_scalar(
        "select sum((payload->>'requests')::bigint)::bigint from events
         where tenant_id = $1 and type = 'usage.api_requests_counted'",
    )
    .bind(&acme.id)
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(usage.number_at("/api_requests"), counted);
    app.stop().await;
}
