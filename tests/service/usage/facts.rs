//! The facts behind each number: whoever follows the link and counts comes to the same.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{App, Caller, Tenant};
use crate::support::relay::TestRelay;

/// Follows a link to its end and counts what is found.
async fn counted(caller: &Caller, link: &str) -> i64 {
    let asked = caller.request(Method::GET, link).header("Accept", "application/x-ndjson");
    let told = caller.send(asked).await.expect(200).text;
    told.lines().map(|line| worth(&serde_json::from_str(line).unwrap(), link)).sum()
}

/// How much one fact adds, as the README says.
fn worth(event: &Value, link: &str) -> i64 {
    let data = &event["data"];
    match event["type"].as_str().unwrap() {
        "email.accepted" => {
            let recipients = data["recipients"].as_object().unwrap().values();
            recipients.map(|count| count.as_i64().unwrap()).sum()
        }
        "email.cancelled" => i64::try_from(data["recipients"].as_array().unwrap().len()).unwrap(),
        "usage.api_requests_counted" => data["requests"].as_i64().unwrap(),
        "email.bounce_received" if link.contains("recipient_delivered") => -1,
        _ => 1,
    }
}

/// Compares each number with what its link leads to.
async fn compare(caller: &Caller, figures: &Value) -> i64 {
    let mut sum = 0;
    for (name, link) in figures["links"].as_object().unwrap() {
        let number = figures[name].as_i64().unwrap();
        assert_eq!(counted(caller, link.as_str().unwrap()).await, number, "{name} {link}");
        sum += number;
    }
    sum
}

async fn lives(app: &App, acme: &Tenant, relay: &TestRelay) {
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    relay.refuse("bounce@example.org", "550 5.1.1 no such user");
    relay.refuse("defer@example.org", "450 4.2.1 try later");
    let to = json!({"to": ["a@example.org", "bounce@example.org"], "cc": "defer@example.org",
                    "bcc": "b@example.org"});
    acme.sends(&acme.hello_with(&to)).await;
    let later = json!({"to": ["a@example.org", "b@example.org"],
                       "scheduled_at": "2024-01-20T00:00:00Z"});
    let cancelled = acme.sends(&acme.hello_with(&later)).await;
    acme.caller.delete(&format!("/v1/emails/{cancelled}")).await.expect(200);
    for seconds in [60, 300, 1_800] {
        app.settle().await;
        app.advance(seconds);
    }
    app.settle().await;
}

#[sqlx::test]
async fn each_number_is_what_its_facts_come_to(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    lives(&app, &acme, &relay).await;
    // The next day, and so much that each number is another.
    app.advance(86_400);
    acme.sends(&acme.hello()).await;
    other.sends(&other.hello()).await;
    app.settle().await;
    let admin = app.admin();
    let usage = admin.get(&acme.path("/usage?granularity=day")).await.expect(200);
    let sum = compare(&admin, &usage.body).await;
    let mut days = 0;
    for day in usage.body["days"].as_array().unwrap() {
        days += compare(&admin, day).await;
    }
    assert_eq!(days, sum);
    // What comes afterwards does not change what was answered.
    app.advance(1);
    acme.sends(&acme.hello()).await;
    app.settle().await;
    assert_eq!(compare(&admin, &usage.body).await, sum);
    let own = acme.caller.get("/v1/usage").await.expect(200);
    assert_ne!(compare(&acme.caller, &own.body).await, sum);
    let past = admin.get(&acme.path("/usage?at=2024-01-15T10:31:00Z")).await.expect(200);
    assert_ne!(compare(&admin, &past.body).await, sum);
    let all = admin.get("/v1/usage?granularity=day").await.expect(200);
    for tenant in all.body["data"].as_array().unwrap() {
        assert!(compare(&admin, tenant).await > 0);
        for day in tenant["days"].as_array().unwrap() {
            assert!(compare(&admin, day).await > 0);
        }
    }
    app.stop().await;
}
