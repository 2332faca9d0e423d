//! Who may read what a mail says; and what happened to it.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn what_a_mail_says_is_for_keys_that_may_read_it_only(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme
        .sends(&acme.hello_with(&json!({
            "html": "<p>Secret</p>", "headers": {"X-Order": "42"}, "reply_to": "help@acme.com",
            "attachments": [{"filename": "a.txt", "content": "aGk=", "content_type": "text/plain"}],
        })))
        .await;
    let path = format!("/v1/emails/{email}");
    let reader = app.caller_with(&acme.id, &["emails:read"]).await.get(&path).await.expect(200);
    assert_eq!(
        (reader.text_at("/html"), reader.text_at("/text")),
        ("<p>Secret</p>".into(), "Hello, Ann".into())
    );
    assert_eq!(reader.body["headers"], json!({"X-Order": "42"}));
    let file = json!([{"filename": "a.txt", "content_type": "text/plain", "size": 2}]);
    assert_eq!(reader.body["attachments"], file);
    let sender = app.caller_with(&acme.id, &["send"]).await.get(&path).await.expect(200);
    assert!(!sender.text.contains("Secret") && !sender.text.contains("a.txt"), "{}", sender.text);
    assert_eq!(sender.text_at("/reply_to"), "help@acme.com");
    app.caller_with(&acme.id, &["logs:read"]).await.get(&path).await.expect(403);
    app.admin().get(&acme.path(&format!("/emails/{email}"))).await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn the_log_tells_what_the_timelines_tell_the_newest_first(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let first = acme.sends(&acme.hello()).await;
    let second = acme.sends(&acme.hello()).await;
    app.settle().await;
    let logs = app.caller_with(&acme.id, &["logs:read"]).await;
    let all = logs.get("/v1/logs").await.expect(200);
    assert_eq!(all.number_at("/pagination/total"), 6);
    let one = logs.get(&format!("/v1/logs?email_id={first}")).await.expect(200);
    let kinds: Vec<&str> =
        one.body["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["delivered", "sending", "queued"]);
    assert!(one.body["data"].as_array().unwrap().iter().all(|entry| entry["email_id"] == first));
    let timeline = acme.email(&second).await.body["timeline"].clone();
    let mut entries = logs.get(&format!("/v1/logs?email_id={second}")).await.body["data"].clone();
    for entry in entries.as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("email_id");
    }
    entries.as_array_mut().unwrap().reverse();
    assert_eq!(entries, timeline);
    let other = app.tenant("other.com").await;
    let foreign = other.caller.get(&format!("/v1/logs?email_id={first}")).await.expect(200);
    assert_eq!(foreign.body["data"], json!([]));
    logs.get("/v1/logs?email_id=none").await.expect(422);
    app.caller_with(&acme.id, &["send"]).await.get("/v1/logs").await.expect(403);
    app.stop().await;
}
