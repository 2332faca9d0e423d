//! The list as its owner sees and changes it.

use serde_json::json;
use sqlx::PgPool;

use super::suppress;
use crate::app::App;

#[sqlx::test]
async fn an_address_comes_on_the_list_and_off_again(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"address": "Ann@Example.org"});
    let added = acme.caller.post("/v1/suppressions", &asked).await.expect(201);
    assert_eq!(
        added.body,
        json!({"address": "Ann@example.org", "reason": "manual", "created_at": "2024-01-15T10:30:00Z"})
    );
    // Upper and lower case are the same mailbox, and what is there already stays as it was.
    app.advance(60);
    let again = json!({"address": "ann@example.org"});
    assert_eq!(acme.caller.post("/v1/suppressions", &again).await.expect(201).body, added.body);
    let found = acme.caller.get("/v1/suppressions/ANN@example.org").await.expect(200);
    assert_eq!(found.body, added.body);
    acme.caller.delete("/v1/suppressions/ann@EXAMPLE.org").await.expect(204);
    acme.caller.get("/v1/suppressions/ann@example.org").await.expect(404);
    let twice = acme.caller.delete("/v1/suppressions/ann@example.org").await.expect(404);
    assert_eq!(twice.text_at("/error/message"), "this address is not on the suppression list");
    suppress(&acme, "ann@example.org").await;
    acme.caller.get("/v1/suppressions/ann@example.org").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn a_list_is_its_tenants_own(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    suppress(&acme, "ann@example.org").await;
    other.caller.get("/v1/suppressions/ann@example.org").await.expect(404);
    other.caller.delete("/v1/suppressions/ann@example.org").await.expect(404);
    assert_eq!(other.caller.get("/v1/suppressions").await.number_at("/pagination/total"), 0);
    suppress(&other, "ann@example.org").await;
    other.caller.delete("/v1/suppressions/ann@example.org").await.expect(204);
    acme.caller.get("/v1/suppressions/ann@example.org").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn a_list_is_filtered_and_paged(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for name in ["a", "b", "c"] {
        suppress(&acme, &format!("{name}@example.org")).await;
    }
    let first = acme.caller.get("/v1/suppressions?limit=2").await.expect(200);
    assert_eq!(first.number_at("/pagination/total"), 3);
    assert_eq!(first.text_at("/data/0/address"), "c@example.org");
    let next = first.text_at("/pagination/next_cursor");
    let rest = acme.caller.get(&format!("/v1/suppressions?limit=2&cursor={next}")).await;
    assert_eq!(rest.text_at("/data/0/address"), "a@example.org");
    for (query, found) in [
        ("address=B@example.org", 1),
        ("address=d@example.org", 0),
        ("reason=manual", 3),
        ("reason=hard_bounce", 0),
        ("reason=manual&address=a@example.org", 1),
    ] {
        let answer = acme.caller.get(&format!("/v1/suppressions?{query}")).await.expect(200);
        assert_eq!(answer.number_at("/pagination/total"), found, "{query}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn what_is_no_address_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (body, fields) in [
        (json!({}), vec!["address"]),
        (json!({"address": null}), vec!["address"]),
        (json!({"address": 1}), vec!["address"]),
        (json!({"address": "ann"}), vec!["address"]),
        (json!({"address": "Ann <ann@example.org>"}), vec!["address"]),
        (json!({"address": "ann@example.org\r\n"}), vec!["address"]),
        (json!({"address": "a@example.org", "reason": "complaint"}), vec!["reason"]),
    ] {
        let answer = acme.caller.post("/v1/suppressions", &body).await.expect(422);
        assert_eq!(answer.faulty_fields(), fields, "{body}");
    }
    for path in ["/v1/suppressions/ann", "/v1/suppressions/%00", "/v1/suppressions/a@b@c"] {
        acme.caller.get(path).await.expect(404);
        acme.caller.delete(path).await.expect(404);
    }
    app.stop().await;
}

#[sqlx::test]
async fn asked_twice_under_one_key_it_is_done_once(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"address": "ann@example.org"});
    let first = acme.caller.post_once("k", "/v1/suppressions", &asked).await.expect(201);
    acme.caller.delete("/v1/suppressions/ann@example.org").await.expect(204);
    let again = acme.caller.post_once("k", "/v1/suppressions", &asked).await.expect(201);
    assert_eq!(again.body, first.body);
    acme.caller.get("/v1/suppressions/ann@example.org").await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn an_erased_tenants_list_names_nobody(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    suppress(&acme, "zora.unmistakable@example.org").await;
    app.admin().delete(&format!("{}?erase=true", acme.path(""))).await.expect(200);
    let left = "select count(*) from suppressions where tenant_id = $1";
    let left = sqlx::query_scalar::<_, i64>(left).bind(&acme.id).fetch_one(&app.pool).await;
    assert_eq!(left.unwrap(), 0);
    let events = app.admin().get(&acme.path("/events?type=suppression.*")).await.expect(200);
    assert_eq!(events.body["data"][0]["data"]["personal"], "[erased]");
    let log = "select count(*) from events where payload::text like '%unmistakable%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(log).fetch_one(&app.pool).await.unwrap(), 0);
    app.stop().await;
}
