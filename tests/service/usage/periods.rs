//! Months and days, how far they can be trusted, and when they do not change any more.

use serde_json::json;
use sqlx::PgPool;

use super::without_links;
use crate::app::App;

/// From the beginning of every test to the end of its month.
const TO_MIDNIGHT: u64 = 16 * 86_400 + 13 * 3_600 + 30 * 60;

#[sqlx::test]
async fn a_month_is_final_some_minutes_after_its_end_and_not_before(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    let usage = async || acme.caller.get("/v1/usage?period=2024-01").await.expect(200);
    assert_eq!(usage().await.body["final"], false);
    app.advance(TO_MIDNIGHT);
    assert_eq!(usage().await.body["final"], false, "a fact may still be under way");
    app.advance(299);
    assert_eq!(usage().await.body["final"], false);
    app.advance(1);
    let january = usage().await;
    assert_eq!(january.body["final"], true);
    assert_eq!(january.number_at("/emails_delivered"), 1);
    // The reads since midnight belong to February.
    assert_eq!(january.number_at("/api_requests"), 2);
    let february = acme.caller.get("/v1/usage").await.expect(200);
    assert_eq!(february.text_at("/period"), "2024-02");
    assert_eq!(february.number_at("/api_requests"), 4);
    assert_eq!(february.body["final"], false);
    app.stop().await;
}

#[sqlx::test]
async fn a_read_model_that_lags_behind_says_up_to_when_it_knows(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.caller.get("/v1/usage").await.expect(200);
    app.settle().await;
    // Another node has the read model and is stuck.
    let mut stuck = app.pool.begin().await.unwrap();
    sqlx::raw_sql("select from projection_cursors where projection = 'usage' for update")
        .execute(&mut *stuck)
        .await
        .unwrap();
    app.advance(100);
    acme.sends(&acme.hello()).await;
    app.advance(100);
    let usage = app.admin().get(&acme.path("/usage")).await.expect(200);
    assert_eq!(usage.text_at("/as_of"), "2024-01-15T10:31:40Z");
    assert_eq!(usage.number_at("/emails_sent"), 0);
    stuck.rollback().await.unwrap();
    app.stop().await;
}

#[sqlx::test]
async fn days_are_shown_when_asked_for_and_sum_up_to_the_month(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for _ in 0..2 {
        acme.sends(&acme.hello_with(&json!({"to": ["a@example.org", "b@example.org"]}))).await;
        app.settle().await;
        app.advance(86_400);
    }
    let usage = app.admin().get(&acme.path("/usage?granularity=day")).await.expect(200);
    let day = |day: &str| {
        json!({"day": day, "emails_sent": 2, "emails_delivered": 2, "emails_bounced": 0,
               "emails_failed": 0, "emails_cancelled": 0, "api_requests": 1,
               "emails_suppressed": 0, "emails_complained": 0})
    };
    let days = without_links(&usage.body["days"]);
    assert_eq!(days, json!([day("2024-01-15"), day("2024-01-16")]));
    assert_eq!(usage.number_at("/emails_sent"), 4);
    let month = app.admin().get(&acme.path("/usage")).await.expect(200);
    assert_eq!(month.body.get("days"), None);
    let empty = app.admin().get(&acme.path("/usage?period=2023-12&granularity=day")).await;
    assert_eq!(empty.body["days"], json!([]));
    assert_eq!(empty.body["final"], true);
    app.stop().await;
}

#[sqlx::test]
async fn what_is_no_period_is_refused_and_named(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for period in ["2024-13", "2024", "january", "2024-01-15", "2024-1", "%20"] {
        let answer = acme.caller.get(&format!("/v1/usage?period={period}")).await.expect(422);
        assert_eq!(answer.faulty_fields(), ["period"], "{period}");
    }
    let answer = acme.caller.get("/v1/usage?granularity=hour&perod=2024-01").await.expect(422);
    assert_eq!(answer.faulty_fields(), ["perod", "granularity"]);
    app.stop().await;
}
