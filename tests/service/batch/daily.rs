//! The day's allowance holds to the last recipient, for each email of a batch on its own.

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

fn batch(acme: &Tenant, sizes: &[usize]) -> Value {
    let email = |size: &usize| {
        let people: Vec<String> =
            (0..*size).map(|number| format!("p{number}@example.org")).collect();
        acme.hello_with(&json!({"to": people, "scheduled_at": "2024-01-20T00:00:00Z"}))
    };
    json!({"messages": sizes.iter().map(email).collect::<Vec<Value>>()})
}

async fn used(app: &App) -> i64 {
    let sql = "select coalesce(sum(pending), 0)::bigint from send_queue";
    sqlx::query_scalar(sql).fetch_one(&app.pool).await.unwrap()
}

#[sqlx::test]
async fn whoever_still_fits_is_taken_and_whoever_does_not_is_told_so(db: PgPool) {
    let app = App::start(&db).await;
    let acme = limited(&app, 10).await;
    let answer = acme.caller.post("/v1/send/batch", &batch(&acme, &[4, 5, 3, 1, 1])).await;
    let answer = answer.expect(202);
    assert_eq!((answer.number_at("/accepted"), answer.number_at("/refused")), (3, 2));
    for refused in [2, 4] {
        assert_eq!(answer.text_at(&format!("/data/{refused}/error/code")), "daily_limit");
    }
    let told = answer.text_at("/data/2/error/message");
    assert!(told.starts_with("9 of 10 emails"), "{told}");
    assert_eq!(used(&app).await, 10);
    let full = acme.caller.post("/v1/send/batch", &batch(&acme, &[1, 1])).await.expect(429);
    assert_eq!(full.code(), "daily_limit");
    assert_eq!(full.header("retry-after").as_deref(), Some("48600"));
    // What is not even understood would be lost in an answer for all.
    let mut mixed = batch(&acme, &[1]);
    mixed["messages"].as_array_mut().unwrap().push(json!({"to": "nobody"}));
    let mixed = acme.caller.post("/v1/send/batch", &mixed).await.expect(202);
    assert_eq!(mixed.number_at("/refused"), 2);
    app.stop().await;
}

#[sqlx::test]
async fn batches_that_race_reach_exactly_as_many_recipients_as_the_limit(db: PgPool) {
    let app = App::start(&db).await;
    let second = App::beside(&db, &app.clock, &[]).await;
    let acme = limited(&app, 50).await;
    let there = second.caller(&acme.token);
    let body = batch(&acme, &[3; 5]);
    let burst = (0..6).map(|number| {
        let caller = if number % 2 == 0 { &acme.caller } else { &there };
        caller.post("/v1/send/batch", &body)
    });
    let answers = join_all(burst).await;
    // Whoever comes when nothing is left is told it once.
    let some = answers.into_iter().filter(|answer| answer.status != 429);
    let taken: i64 = some.map(|answer| answer.expect(202).number_at("/accepted")).sum();
    assert_eq!((taken, used(&app).await), (16, 48));
    second.stop().await;
    app.stop().await;
}
