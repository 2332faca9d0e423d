//! So many requests a window, and no more.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, App, Caller, Tenant};

async fn limited(app: &App, domain: &str, requests: u32) -> Tenant {
    let tenant = app.tenant(domain).await;
    let limit = json!({"rate_limit": {"requests_per_minute": requests}});
    app.admin().put(&tenant.path(""), &limit).await.expect(200);
    tenant
}

fn place(answer: &Answer) -> (String, String, String) {
    let header = |name| answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
    (header("x-ratelimit-limit"), header("x-ratelimit-remaining"), header("x-ratelimit-reset"))
}

#[sqlx::test]
async fn a_burst_over_two_nodes_gets_exactly_as_many_requests_as_the_limit(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = limited(&app, "acme.com", 25).await;
    let there = second.caller(&acme.token);
    let callers: [&Caller; 2] = [&acme.caller, &there];
    let hello = acme.hello();
    let burst = (0..60).map(|number| callers[number % 2].post("/v1/send", &hello));
    let answers = join_all(burst).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 202);
    assert_eq!((taken.len(), refused.len()), (25, 35));
    for answer in refused {
        assert_eq!((answer.status, &*answer.code()), (429, "rate_limit"));
        // The window is the minute from half past ten.
        assert_eq!(answer.header("retry-after").as_deref(), Some("60"));
        let (limit, remaining, reset) = place(answer);
        assert_eq!((&*limit, &*remaining, &*reset), ("25", "0", "1705314660"));
    }
    let mut left: Vec<u32> = taken.iter().map(|a| place(a).1.parse().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, (0..25).collect::<Vec<_>>());
    let queued = app.admin().get(&acme.path("/emails")).await.expect(200);
    assert_eq!(queued.number_at("/pagination/total"), 25);
    app.advance(60);
    acme.caller.get("/v1/emails").await.expect(200);
    second.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn every_answer_says_where_the_limit_stands_also_a_refusal(db: PgPool) {
    let app = App::start(&db).await;
    let acme = limited(&app, "acme.com", 100).await;
    let (caller, body) = (&acme.caller, json!({}));
    let answers = [
        caller.get("/v1/emails").await.expect(200),
        caller.get("/v1/emails/x").await.expect(404),
        caller.get("/v1/tenants").await.expect(403),
        caller.get("/v1/tenants/x").await.expect(404),
        caller.get("/v1/emails?x=1").await.expect(422),
        caller.post("/v1/send", &body).await.expect(422),
        caller.send(caller.request(Method::PATCH, "/v1/send")).await.expect(405),
        caller.send(caller.request(Method::POST, "/v1/send").body("x")).await.expect(415),
        caller.get("/dev/outbox").await.expect(403),
        caller.send(caller.request(Method::HEAD, "/v1/usage")).await.expect(200),
        caller.post("/v1/send", &acme.hello()).await.expect(202),
    ];
    for (before, answer) in answers.iter().enumerate() {
        let (limit, remaining, reset) = place(answer);
        let left = (99 - before).to_string();
        assert_eq!((&*limit, &*remaining, &*reset), ("100", &*left, "1705314660"));
    }
    let unlimited = [app.admin().get("/v1/tenants").await, app.nobody().get("/v1/emails").await];
    for answer in unlimited {
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_without_a_limit_of_its_own_has_that_of_the_settings(db: PgPool) {
    let settings = [("RATE_LIMIT_REQUESTS", "3"), ("RATE_LIMIT_WINDOW", "10")];
    let app = App::with(&db, &settings).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    app.advance(4);
    for left in ["2", "1", "0"] {
        let (limit, remaining, reset) = place(&acme.caller.get("/v1/usage").await.expect(200));
        assert_eq!((&*limit, &*remaining, &*reset), ("3", left, "1705314610"));
    }
    let refused = acme.caller.get("/v1/usage").await.expect(429);
    assert_eq!(refused.header("retry-after").as_deref(), Some("6"));
    other.caller.get("/v1/usage").await.expect(200);
    app.admin().get("/v1/usage").await.expect(200);
    app.advance(5);
    acme.caller.get("/v1/usage").await.expect(429);
    app.advance(1);
    acme.caller.get("/v1/usage").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenants_keys_share_its_limit_and_a_changed_limit_holds_at_once(db: PgPool) {
    let app = App::start(&db).await;
    let acme = limited(&app, "acme.com", 2).await;
    let second = app.caller_with(&acme.id, &["usage:read"]).await;
    acme.caller.get("/v1/usage").await.expect(200);
    second.get("/v1/usage").await.expect(200);
    acme.caller.get("/v1/usage").await.expect(429);
    second.get("/v1/usage").await.expect(429);
    let more = json!({"rate_limit": {"requests_per_minute": 5}});
    app.admin().patch(&acme.path(""), &more).await.expect(200);
    let (limit, remaining, _) = place(&second.get("/v1/usage").await.expect(200));
    assert_eq!((&*limit, &*remaining), ("5", "0"), "those that were refused count too");
    let cleared = json!({"rate_limit": null});
    app.admin().patch(&acme.path(""), &cleared).await.expect(200);
    assert_eq!(place(&second.get("/v1/usage").await.expect(200)).0, "1000000");
    app.stop().await;
}
