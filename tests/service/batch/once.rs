//! One idempotency key for a whole batch.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_batch_of_which_nothing_was_accepted_keeps_nothing_and_one_that_was_is_answered_again(
    db: PgPool,
) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let soon = json!({"scheduled_at": "2024-01-15T10:31:00Z"});
    let batch = json!({"messages": [acme.hello_with(&soon), {"from": "nobody"}]});
    let none = json!({"rate_limit": {"emails_per_day": 0}});
    app.admin().put(&acme.path(""), &none).await.expect(200);
    let refused = acme.caller.post_once("key", "/v1/send/batch", &batch).await.expect(202);
    assert_eq!(refused.number_at("/accepted"), 0);
    let many = json!({"rate_limit": {"emails_per_day": null}});
    app.admin().put(&acme.path(""), &many).await.expect(200);
    let first = acme.caller.post_once("key", "/v1/send/batch", &batch).await.expect(202);
    assert_eq!(first.number_at("/accepted"), 1);
    assert_eq!(first.header("idempotent-replayed"), None);
    // The moment has passed, and the tenant may not send any more: what was answered is answered.
    app.advance(600);
    app.admin().put(&acme.path(""), &none).await.expect(200);
    app.admin().post_nothing(&acme.path("/suspend")).await.expect(200);
    let again = acme.caller.post_once("key", "/v1/send/batch", &batch).await.expect(202);
    assert_eq!(again.header("idempotent-replayed").as_deref(), Some("true"));
    assert_eq!(again.text, first.text);
    let other = json!({"messages": [acme.hello()]});
    acme.caller.post_once("key", "/v1/send/batch", &other).await.expect(409);
    app.stop().await;
}
