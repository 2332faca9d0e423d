//! A key's successor, and the time for which both work.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_rotated_key_works_beside_its_successor_for_the_grace(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let made = json!({"name": "Old", "permissions": ["send", "usage:read"], "allowed_domains": ["acme.com"]});
    let old = acme.caller.post("/v1/api-keys", &made).await.expect(201);
    let (id, first) = (old.text_at("/id"), app.caller(&old.text_at("/key")));
    let rotate = format!("/v1/api-keys/{id}/rotate");
    let new = acme.caller.post(&rotate, &json!({"grace_seconds": 60})).await.expect(201);
    assert_eq!(new.body["predecessor"], json!({"id": id, "expires_at": "2024-01-15T10:31:00Z"}));
    for same in ["name", "permissions", "allowed_domains", "tenant_id"] {
        assert_eq!(new.body[same], old.body[same]);
    }
    assert!(new.text_at("/id") != id && new.text_at("/key") != old.text_at("/key"));
    let second = app.caller(&new.text_at("/key"));
    app.advance(59);
    first.post("/v1/send", &acme.hello()).await.expect(202);
    second.post("/v1/send", &acme.hello()).await.expect(202);
    app.advance(1);
    first.get("/v1/usage").await.expect(401);
    second.get("/v1/usage").await.expect(200);
    assert_eq!(acme.caller.post(&rotate, &json!({})).await.expect(409).code(), "key_ended");
    app.stop().await;
}

#[sqlx::test]
async fn without_a_grace_the_old_key_ends_at_once_and_without_a_word_after_a_day(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let (one, other) = (app.key(&acme.id, &["*"]).await, app.key(&acme.id, &["*"]).await);
    let path = |id: &str| acme.path(&format!("/api-keys/{id}/rotate"));
    let now = json!({"grace_seconds": 0});
    app.admin().post(&path(&one.text_at("/id")), &now).await.expect(201);
    app.caller(&one.text_at("/key")).get("/v1/emails").await.expect(401);
    let usual = app.admin().post_nothing(&path(&other.text_at("/id"))).await.expect(201);
    assert_eq!(usual.text_at("/predecessor/expires_at"), "2024-01-16T10:30:00Z");
    let old = app.caller(&other.text_at("/key"));
    app.advance(86_399);
    old.get("/v1/emails").await.expect(200);
    app.advance(1);
    old.get("/v1/emails").await.expect(401);
    app.stop().await;
}

#[sqlx::test]
async fn a_grace_lengthens_no_life(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked =
        json!({"name": "Brief", "permissions": ["*"], "expires_at": "2024-01-15T10:31:00Z"});
    let brief = acme.caller.post("/v1/api-keys", &asked).await.expect(201);
    let caller = app.caller(&brief.text_at("/key"));
    let rotate = format!("/v1/api-keys/{}/rotate", brief.text_at("/id"));
    let new = caller.post(&rotate, &json!({"grace_seconds": 2_592_000})).await.expect(201);
    assert_eq!(new.text_at("/predecessor/expires_at"), "2024-01-15T10:31:00Z");
    assert_eq!(new.text_at("/expires_at"), "2024-01-15T10:31:00Z");
    app.advance(60);
    caller.get("/v1/emails").await.expect(401);
    app.caller(&new.text_at("/key")).get("/v1/emails").await.expect(401);
    app.stop().await;
}

#[sqlx::test]
async fn a_key_gets_one_successor_however_many_ask_at_once(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let rotate = acme.path(&format!("/api-keys/{}/rotate", acme.key_id));
    let before = app.events().await;
    let (admin, body) = (app.admin(), json!({}));
    let asked = (0..10).map(|_| admin.post(&rotate, &body));
    let answers = futures_util::future::join_all(asked).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let late = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((made, late), (1, 9));
    assert_eq!(app.events().await, before + 2);
    app.stop().await;
}
