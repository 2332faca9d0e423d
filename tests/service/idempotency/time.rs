//! How long an answer is kept.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn an_answer_is_kept_for_a_day_and_then_forgotten(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let ask = async || acme.caller.post_once("key", "/v1/send", &acme.hello()).await.expect(202);
    let first = ask().await;
    app.advance(86_399);
    assert_eq!(ask().await.text, first.text);
    app.advance(1);
    let anew = ask().await;
    assert_ne!(anew.text_at("/id"), first.text_at("/id"));
    assert_eq!(anew.header("idempotent-replayed"), None);
    app.advance(86_399);
    assert_eq!(ask().await.text, anew.text, "the day begins with the answer that counts");
    app.advance(1);
    let other = acme.hello_with(&json!({"subject": "Other"}));
    acme.caller.post_once("key", "/v1/send", &other).await.expect(202);
    app.stop().await;
}

#[sqlx::test]
async fn a_time_that_has_passed_since_is_no_reason_for_another_answer(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let soon = acme.hello_with(&json!({"scheduled_at": "2024-01-15T10:35:00Z"}));
    let first = acme.caller.post_once("key", "/v1/send", &soon).await.expect(202);
    let brief =
        json!({"name": "Brief", "permissions": ["send"], "expires_at": "2024-01-15T10:35:00Z"});
    let key = acme.caller.post_once("brief", "/v1/api-keys", &brief).await.expect(201);
    app.advance(3_600);
    app.settle().await;
    let again = acme.caller.post_once("key", "/v1/send", &soon).await.expect(202);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed").as_deref(), Some("true"));
    let again = acme.caller.post_once("brief", "/v1/api-keys", &brief).await.expect(201);
    assert_eq!(again.text, key.text);
    acme.caller.post_once("other", "/v1/send", &soon).await.expect(422);
    acme.caller.post_once("other", "/v1/api-keys", &brief).await.expect(422);
    let other = acme.hello_with(&json!({"scheduled_at": "2024-01-15T10:36:00Z"}));
    acme.caller.post_once("key", "/v1/send", &other).await.expect(409);
    app.stop().await;
}
