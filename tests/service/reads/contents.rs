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

#[sqlx::test]
async fn the_log_is_filtered_by_what_happened_to_whom_and_when(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let both = json!({"to": ["ann@example.org", "bob@example.org"]});
    let first = acme.sends(&acme.hello_with(&both)).await;
    app.settle().await;
    app.advance(60);
    let second = acme.sends(&acme.hello_with(&json!({"to": "bob@example.org"}))).await;
    app.settle().await;
    let found = async |query: &str| {
        let answer = acme.caller.get(&format!("/v1/logs?{query}")).await.expect(200);
        let entries = answer.body["data"].as_array().unwrap().clone();
        assert_eq!(answer.number_at("/pagination/total"), i64::try_from(entries.len()).unwrap());
        let told = entries.iter().map(|entry| {
            let email = if entry["email_id"] == first { "first" } else { "second" };
            format!("{email} {}", entry["type"].as_str().unwrap())
        });
        told.collect::<Vec<String>>()
    };
    let delivered = ["second delivered", "first delivered", "first delivered"];
    assert_eq!(found("type=delivered").await, delivered);
    assert_eq!(
        found("type=delivered,queued&recipient=ann@example.org").await,
        ["first delivered", "first queued"]
    );
    assert_eq!(found("recipient=BOB@example.org").await.len(), 0, "the local part has its case");
    assert_eq!(found("recipient=bob@EXAMPLE.org").await.len(), 6);
    assert_eq!(found("since=2024-01-15T10:30:01Z").await.len(), 3);
    assert_eq!(found("until=2024-01-15T10:31:00Z&type=sending").await, ["first sending"]);
    assert_eq!(found(&format!("email_id={second}&type=queued")).await, ["second queued"]);
    let page = acme.caller.get("/v1/logs?type=delivered&limit=2").await.expect(200);
    let cursor = page.text_at("/pagination/next_cursor");
    let rest = format!("/v1/logs?type=delivered&limit=2&cursor={cursor}");
    let rest = acme.caller.get(&rest).await.expect(200);
    assert_eq!(rest.body["data"].as_array().unwrap().len(), 1);
    app.stop().await;
}
