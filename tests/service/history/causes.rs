//! What led to what: from a request to the last word of a relay.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::all;
use crate::app::App;
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn what_the_service_does_by_itself_names_the_fact_that_led_to_it(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    relay.refuse("later@example.org", "450 4.2.1 try later");
    let to = json!({"to": ["ann@example.org", "later@example.org"]});
    let sent = acme.caller.post("/v1/send", &acme.hello_with(&to)).await.expect(202);
    app.settle().await;
    app.advance(60);
    app.settle().await;
    let events = all(&app, &acme, &format!("stream={}", sent.text_at("/id"))).await;
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "email.accepted",
            "email.delivery_started",
            "email.recipient_delivered",
            "email.recipient_deferred",
            "email.delivery_rescheduled",
            "email.delivery_started",
            "email.recipient_deferred",
            "email.delivery_rescheduled",
        ]
    );
    let request = sent.header("x-request-id").unwrap();
    assert!(events.iter().all(|event| event["correlationid"] == request.as_str()));
    // An attempt is caused by what was last before it, and what came of it by the attempt.
    let causes = [None, Some(0), Some(1), Some(1), Some(1), Some(4), Some(5), Some(5)];
    for (event, cause) in events.iter().zip(causes) {
        let cause = cause.map(|place: usize| &events[place]["id"]);
        assert_eq!(event.get("causationid"), cause, "{event}");
        assert_eq!(event["actor"] == "delivery", cause.is_some());
        assert_eq!(event.get("requestid").and_then(Value::as_str).is_some(), cause.is_none());
    }
    app.stop().await;
}
