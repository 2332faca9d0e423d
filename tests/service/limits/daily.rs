//! So many recipients a day, and no more.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{App, Tenant};

async fn limited(app: &App, recipients: u64) -> Tenant {
    let tenant = app.tenant("acme.com").await;
    let limit = json!({"rate_limit": {"emails_per_day": recipients}});
    app.admin().put(&tenant.path(""), &limit).await.expect(200);
    tenant
}

fn to(acme: &Tenant, count: usize) -> Value {
    let people: Vec<String> = (0..count).map(|number| format!("p{number}@example.org")).collect();
    acme.hello_with(&json!({"to": people, "scheduled_at": "2024-01-20T00:00:00Z"}))
}

async fn queued(app: &App) -> i64 {
    sqlx::query_scalar("select coalesce(sum(pending), 0)::bigint from send_queue")
        .fetch_one(&app.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_burst_over_two_nodes_reaches_exactly_as_many_recipients_as_the_limit(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = limited(&app, 30).await;
    let there = second.caller(&acme.token);
    let email = to(&acme, 3);
    let burst = (0..30).map(|number| {
        let caller = if number % 2 == 0 { &acme.caller } else { &there };
        caller.post("/v1/send", &email)
    });
    let answers = join_all(burst).await;
    let taken = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(taken, 10);
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!((refused.status, &*refused.code()), (429, "daily_limit"));
        // From half past ten to midnight.
        assert_eq!(refused.header("retry-after").as_deref(), Some("48600"));
    }
    assert_eq!(queued(&app).await, 30);
    second.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn what_does_not_fit_into_the_day_is_refused_and_what_does_is_taken(db: PgPool) {
    let app = App::start(&db).await;
    let acme = limited(&app, 10).await;
    let (path, admin) = (acme.path("/send"), app.admin());
    acme.caller.post("/v1/send", &to(&acme, 6)).await.expect(202);
    acme.caller.post_once("key", "/v1/send", &to(&acme, 5)).await.expect(429);
    admin.post(&path, &to(&acme, 5)).await.expect(429);
    admin.post(&path, &to(&acme, 4)).await.expect(202);
    acme.caller.post("/v1/send", &to(&acme, 1)).await.expect(429);
    assert_eq!(queued(&app).await, 10);
    app.clock.advance(std::time::Duration::from_millis(48_599_500));
    let late = acme.caller.post("/v1/send", &to(&acme, 1)).await.expect(429);
    assert_eq!(late.header("retry-after").as_deref(), Some("1"));
    app.clock.advance(std::time::Duration::from_millis(500));
    // The refused request had kept nothing: its key is free.
    acme.caller.post_once("key", "/v1/send", &to(&acme, 5)).await.expect(202);
    assert_eq!(queued(&app).await, 15);
    let none = json!({"rate_limit": {"emails_per_day": 0}});
    admin.put(&acme.path(""), &none).await.expect(200);
    acme.caller.post("/v1/send", &to(&acme, 1)).await.expect(429);
    let again = acme.caller.post_once("key", "/v1/send", &to(&acme, 5)).await.expect(202);
    assert_eq!(again.header("idempotent-replayed").as_deref(), Some("true"));
    app.stop().await;
}
