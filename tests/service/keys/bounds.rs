//! A key hands on no more than it has.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_key_grants_no_more_than_it_has_itself(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"name": "Granter", "permissions": ["api-keys:write", "send"],
                       "expires_at": "2024-02-01T00:00:00Z", "allowed_domains": ["acme.com", "acme.org"]});
    let granter = app.admin().post(&acme.path("/api-keys"), &asked).await.expect(201);
    let caller = app.caller(&granter.text_at("/key"));
    let within = json!({"name": "New", "permissions": ["send"], "expires_at": "2024-02-01T00:00:00Z",
                        "allowed_domains": ["acme.org"]});
    let before = app.events().await;
    for (field, value) in [
        ("permissions", json!(["*"])),
        ("permissions", json!(["send", "emails:read"])),
        ("permissions", json!(["api-keys:read"])),
        ("expires_at", json!("2024-02-01T00:00:00.000001Z")),
        ("expires_at", Value::Null),
        ("allowed_domains", json!(["acme.com", "other.com"])),
        ("allowed_domains", json!(["sub.acme.com"])),
        ("allowed_domains", Value::Null),
    ] {
        let mut wanted = within.clone();
        wanted[field] = value;
        let refused = caller.post("/v1/api-keys", &wanted).await.expect(403);
        assert_eq!(refused.code(), "cannot_grant", "{wanted}");
        assert!(refused.text_at("/error/message").contains(field), "{}", refused.text);
    }
    let rotate = format!("/v1/api-keys/{}/rotate", acme.key_id);
    assert_eq!(caller.post(&rotate, &json!({})).await.expect(403).code(), "cannot_grant");
    assert_eq!(app.events().await, before);
    caller.post("/v1/api-keys", &within).await.expect(201);
    app.stop().await;
}

#[sqlx::test]
async fn a_key_in_its_grace_makes_no_key_that_outlives_it(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let rotate = format!("/v1/api-keys/{}/rotate", acme.key_id);
    acme.caller.post(&rotate, &json!({"grace_seconds": 60})).await.expect(201);
    let lasting = json!({"name": "Lasting", "permissions": ["*"]});
    assert_eq!(acme.caller.post("/v1/api-keys", &lasting).await.expect(403).code(), "cannot_grant");
    app.stop().await;
}

#[sqlx::test]
async fn a_key_sends_from_its_own_domains_only(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = |domain: &str| json!({"name": "Bound", "permissions": ["send"], "allowed_domains": [domain]});
    let path = acme.path("/api-keys");
    let (admin, hello) = (app.admin(), acme.hello());
    let strange = admin.post(&path, &asked("other.com")).await.expect(201).text_at("/key");
    let before = app.events().await;
    let refused = app.caller(&strange).post("/v1/send", &hello).await.expect(403);
    assert_eq!(refused.code(), "domain_not_allowed");
    let foreign = acme.hello_with(&json!({"from": "hello@other.com"}));
    app.caller(&strange).post("/v1/send", &foreign).await.expect(422);
    let settings = json!({"settings": {"from_address": "hello@acme.com"}});
    admin.put(&acme.path(""), &settings).await.expect(200);
    let mut by_default = hello.clone();
    by_default.as_object_mut().unwrap().remove("from");
    app.caller(&strange).post("/v1/send", &by_default).await.expect(403);
    assert_eq!(app.events().await, before + 1);
    let good = admin.post(&path, &asked("ACME.com.")).await.expect(201).text_at("/key");
    app.caller(&good).post("/v1/send", &by_default).await.expect(202);
    app.stop().await;
}
