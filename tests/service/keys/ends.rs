//! How a key ends: revoked, also by itself and on every node, or in its time.

use serde_json::json;
use sqlx::PgPool;

use crate::app::{App, until};

#[sqlx::test]
async fn a_revoked_key_opens_nothing_from_then_on(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let spare = app.key(&acme.id, &["*"]).await;
    let (id, caller) = (spare.text_at("/id"), app.caller(&spare.text_at("/key")));
    caller.get("/v1/emails").await.expect(200);
    let before = app.events().await;
    for _ in 0..2 {
        let revoked = acme.caller.delete(&format!("/v1/api-keys/{id}")).await.expect(200);
        assert_eq!(revoked.body, json!({"id": id, "revoked": true}));
        caller.get("/v1/emails").await.expect(401);
    }
    let again = app.admin().delete(&acme.path(&format!("/api-keys/{id}"))).await.expect(200);
    assert_eq!(again.body, json!({"id": id, "revoked": true}));
    assert_eq!(app.events().await, before + 1);
    let shown = acme.caller.get("/v1/api-keys").await.expect(200).body["data"].clone();
    let shown = shown.as_array().unwrap().iter().find(|key| key["id"] == *id).unwrap().clone();
    assert_eq!(shown["revoked_at"], "2024-01-15T10:30:00Z");
    acme.caller.get("/v1/emails").await.expect(200);
    assert_eq!(acme.caller.get("/v1/tenant").await.number_at("/counts/api_keys"), 1);
    app.stop().await;
}

#[sqlx::test]
async fn a_key_that_was_revoked_on_another_node_writes_nothing_and_soon_reads_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = app.tenant("acme.com").await;
    for round in 0..5 {
        let spare = app.key(&acme.id, &["*"]).await;
        let there = second.caller(&spare.text_at("/key"));
        there.get("/v1/emails").await.expect(200);
        let path = format!("/v1/api-keys/{}", spare.text_at("/id"));
        acme.caller.delete(&path).await.expect(200);
        let before = app.events().await;
        // It may still be remembered there; the log does not take anything from it.
        there.post("/v1/send", &acme.hello()).await.expect(401);
        there.post_once(&format!("late-{round}"), "/v1/send", &acme.hello()).await.expect(401);
        let another = json!({"name": "Late", "permissions": ["send"]});
        there.post("/v1/api-keys", &another).await.expect(401);
        let rotate = format!("/v1/api-keys/{}/rotate", acme.key_id);
        there.post(&rotate, &json!({})).await.expect(401);
        there.delete(&format!("/v1/api-keys/{}", acme.key_id)).await.expect(401);
        assert_eq!(app.events().await, before);
        until("it reads nothing there", async || there.get("/v1/emails").await.status == 401).await;
    }
    second.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn a_key_can_revoke_itself(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let path = format!("/v1/api-keys/{}", acme.key_id);
    let both = tokio::join!(acme.caller.delete(&path), acme.caller.delete(&path));
    for answer in [&both.0, &both.1] {
        assert!([200, 401].contains(&answer.status), "{}", answer.text);
    }
    assert!(both.0.status == 200 || both.1.status == 200);
    acme.caller.delete(&path).await.expect(401);
    acme.caller.get("/v1/emails").await.expect(401);
    app.stop().await;
}

#[sqlx::test]
async fn a_key_expires_in_its_time_and_not_before(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked =
        json!({"name": "Brief", "permissions": ["*"], "expires_at": "2024-01-15T10:31:00Z"});
    let brief = acme.caller.post("/v1/api-keys", &asked).await.expect(201);
    let caller = app.caller(&brief.text_at("/key"));
    app.advance(59);
    caller.get("/v1/emails").await.expect(200);
    assert_eq!(acme.caller.get("/v1/tenant").await.number_at("/counts/api_keys"), 2);
    app.advance(1);
    caller.get("/v1/emails").await.expect(401);
    caller.post("/v1/send", &acme.hello()).await.expect(401);
    assert_eq!(acme.caller.get("/v1/tenant").await.number_at("/counts/api_keys"), 1);
    let rotate = format!("/v1/api-keys/{}/rotate", brief.text_at("/id"));
    let refused = acme.caller.post(&rotate, &json!({})).await.expect(409);
    assert_eq!(refused.code(), "key_ended");
    app.stop().await;
}

#[sqlx::test]
async fn the_keys_of_a_deleted_tenant_open_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = app.tenant("acme.com").await;
    let there = second.caller(&acme.token);
    there.get("/v1/emails").await.expect(200);
    app.admin().delete(&acme.path("")).await.expect(200);
    acme.caller.get("/v1/emails").await.expect(401);
    let late = there.post("/v1/send", &acme.hello()).await;
    assert!([401, 404].contains(&late.status), "{}", late.text);
    until("they open nothing there", async || there.get("/v1/emails").await.status == 401).await;
    let key = json!({"name": "Late", "permissions": ["*"]});
    app.admin().post(&acme.path("/api-keys"), &key).await.expect(404);
    second.stop().await;
    app.stop().await;
}
