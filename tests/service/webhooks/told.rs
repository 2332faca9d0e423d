//! What a webhook is told: one notice a recipient, in the shape that the API promises.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{hooked, log, of_kind};
use crate::app::App;
use crate::support::receiver::Receiver;
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn each_recipient_has_a_notice_of_each_step(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let relay = TestRelay::start().await;
    relay.refuse("bob@example.org", "550 5.1.1 no such user");
    let tenant = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&tenant.path(""), &json!({"smtp": smtp})).await.expect(200);
    let id = hooked(&tenant, &receiver, &["*"]).await;
    let fields = json!({
        "to": ["Ann <ann@example.org>"], "cc": "bob@example.org", "tags": ["welcome"],
        "metadata": {"order": "42"},
    });
    let email = tenant.sends(&tenant.hello_with(&fields)).await;
    app.settle().await;
    let told = receiver.wait_for(6).await;
    let mut kinds: Vec<(String, String)> = told
        .iter()
        .map(|told| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&told.body["type"]), text(&told.body["data"]["to"]))
        })
        .collect();
    kinds.sort();
    let kind = |kind: &str, to: &str| (kind.to_owned(), format!("{to}@example.org"));
    assert_eq!(
        kinds,
        [
            kind("bounced", "bob"),
            kind("delivered", "ann"),
            kind("queued", "ann"),
            kind("queued", "bob"),
            kind("sending", "ann"),
            kind("sending", "bob"),
        ]
    );
    let bounced = of_kind(&told, "bounced")[0];
    let mut data = bounced.body["data"].clone();
    let message = data["bounce_message"].take();
    assert!(message.as_str().unwrap().contains("no such user"), "{message}");
    assert_eq!(
        data,
        json!({
            "email_id": email, "from": "hello@acme.com", "to": "bob@example.org",
            "recipient_kind": "cc", "subject": "Hello", "tags": ["welcome"],
            "metadata": {"order": "42"}, "bounce_type": "hard", "bounce_code": 550,
            "bounce_message": null,
        })
    );
    assert_eq!(bounced.body["created_at"], crate::app::BEGIN);
    assert_eq!(bounced.header("webhook-id"), bounced.body["id"]);
    assert_eq!(bounced.header("content-type"), "application/json");
    let log = log(&tenant, &id).await;
    assert_eq!(log.len(), 6);
    for entry in &log {
        assert_eq!((&entry["status"], &entry["attempts"]), (&json!("delivered"), &json!(1)));
        assert_eq!(
            (&entry["response_status"], &entry["response_body"]),
            (&json!(200), &json!("thanks"))
        );
        assert!(entry["latency_ms"].as_i64().is_some());
    }
    app.stop().await;
}

#[sqlx::test]
async fn only_what_is_wanted_is_told_and_only_of_ones_own_mail(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let before = acme.sends(&acme.hello()).await;
    hooked(&acme, &receiver, &["delivered", "clicked"]).await;
    app.settle().await;
    other.sends(&other.hello()).await;
    let email = acme.sends(&acme.hello()).await;
    app.settle().await;
    let told = receiver.told();
    let of = |email: &str| told.iter().filter(|t| t.body["data"]["email_id"] == email).count();
    assert_eq!(of(&email), 1);
    // What was delivered before there was a webhook may have been so after it, but nothing else is told.
    assert!(told.len() == 1 + of(&before), "{told:?}");
    assert!(told.iter().all(|told| told.body["type"] == "delivered"));
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_that_is_given_up_and_sent_again_is_told_so(db: PgPool) {
    let settings = [("QUEUE_RETRY_ATTEMPTS", "1")];
    let (app, receiver) = (App::with(&db, &settings).await, Receiver::start().await);
    let relay = TestRelay::start().await;
    relay.refuse("ann@example.org", "451 4.3.0 later");
    let tenant = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&tenant.path(""), &json!({"smtp": smtp})).await.expect(200);
    hooked(&tenant, &receiver, &["sending", "failed"]).await;
    // Whoever has an outcome is not sent to again, and it is not told either.
    let to = json!({"to": ["ann@example.org", "bob@example.org"]});
    tenant.sends(&tenant.hello_with(&to)).await;
    app.settle().await;
    app.advance(61);
    app.settle().await;
    let told = receiver.wait_for(4).await;
    assert_eq!(told.len(), 4);
    let of = |kind: &str, to: &str| {
        of_kind(&told, kind).iter().filter(|told| told.body["data"]["to"] == to).count()
    };
    assert_eq!((of("sending", "ann@example.org"), of("sending", "bob@example.org")), (2, 1));
    let failed = of_kind(&told, "failed")[0];
    assert!(failed.body["data"]["reason"].as_str().unwrap().contains("later"), "{failed:?}");
    app.stop().await;
}
