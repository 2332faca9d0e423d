//! Whose an idempotency key is, and who may see an answer again.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

/// A key that there is not.
const NOBODYS: &str = "key_01hm6v6z4pex5vsknk084sn02q";

#[sqlx::test]
async fn two_tenants_with_one_idempotency_key_do_not_meet(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let first = acme.caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    let second = other.caller.post_once("key", "/v1/send", &other.hello()).await.expect(202);
    assert_ne!(first.text_at("/id"), second.text_at("/id"));
    for answer in [&first, &second] {
        assert_eq!(answer.header("idempotent-replayed"), None);
    }
    // The very same body is refused by the other tenant's rules, not answered with what is not its own.
    other.caller.post_once("new", "/v1/send", &acme.hello()).await.expect(422);
    let admins = app.admin().post_once("key", &acme.path("/send"), &acme.hello()).await.expect(202);
    assert_ne!(admins.text_at("/id"), first.text_at("/id"));
    app.stop().await;
}

#[sqlx::test]
async fn the_token_of_a_new_key_is_told_again_only_to_the_key_that_asked(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let second = app.caller_with(&acme.id, &["*"]).await;
    let asked = json!({"name": "New", "permissions": ["send"]});
    let spare = app.key(&acme.id, &["send"]).await.text_at("/id");
    for (key, path, body) in [
        ("make", "/v1/api-keys".to_owned(), &asked),
        ("rotate", format!("/v1/api-keys/{spare}/rotate"), &json!({})),
    ] {
        let made = acme.caller.post_once(key, &path, body).await.expect(201);
        let refused = second.post_once(key, &path, body).await.expect(409);
        assert_eq!(refused.code(), "idempotency_key_reused");
        assert!(!refused.text.contains(&made.text_at("/key")));
        let again = acme.caller.post_once(key, &path, body).await.expect(201);
        assert_eq!(again.text, made.text);
    }
    // Where nothing is secret, a tenant's keys stand in for each other.
    let sent = acme.caller.post_once("send", "/v1/send", &acme.hello()).await.expect(202);
    assert_eq!(second.post_once("send", "/v1/send", &acme.hello()).await.text, sent.text);
    app.stop().await;
}

#[sqlx::test]
async fn a_refused_request_keeps_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let caller = &acme.caller;
    caller.post_once("key", "/v1/send", &json!({"to": "x"})).await.expect(422);
    caller.post_once("key", "/v1/tenants", &json!({"name": "X"})).await.expect(403);
    caller
        .post_once("key", &format!("/v1/api-keys/{NOBODYS}/rotate"), &json!({}))
        .await
        .expect(404);
    let foreign = acme.hello_with(&json!({"from": "a@evil.com"}));
    caller.post_once("key", "/v1/send", &foreign).await.expect(422);
    app.admin().post_nothing(&acme.path("/suspend")).await.expect(200);
    caller.post_once("key", "/v1/send", &acme.hello()).await.expect(403);
    app.admin().post_nothing(&acme.path("/resume")).await.expect(200);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from receipts").fetch_one(&app.pool).await.unwrap();
    assert_eq!(kept, 0);
    caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    app.stop().await;
}

#[sqlx::test]
async fn what_was_done_before_is_answered_also_once_it_would_be_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let sent = acme.caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    let made = json!({"name": "B", "domain": "b.com"});
    let tenant = app.admin().post_once("b", "/v1/tenants", &made).await.expect(201);
    app.admin().post_nothing(&acme.path("/suspend")).await.expect(200);
    let again = acme.caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    assert_eq!(again.text, sent.text);
    app.admin().put(&acme.path(""), &json!({"domain": null})).await.expect(200);
    let again = acme.caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    assert_eq!(again.text, sent.text);
    app.admin().put(&acme.path(""), &json!({"domain": "acme.org"})).await.expect(200);
    assert_eq!(
        app.admin().post_once("b", "/v1/tenants", &made).await.expect(201).text,
        tenant.text
    );
    app.stop().await;
}
