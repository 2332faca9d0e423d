//! What is final stays as it is, whatever comes late and whatever a clock says.

use selfmx::clock::Clock;
use sqlx::PgPool;

use crate::app::{App, BEGIN};

/// From the beginning of every test to five minutes after the end of its month.
const TO_THE_CLOSE: u64 = 16 * 86_400 + 13 * 3_600 + 35 * 60;

#[sqlx::test]
async fn what_comes_late_counts_in_the_period_in_which_it_is_recorded(db: PgPool) {
    let app = App::start(&db).await;
    // A node whose clock is ten minutes behind.
    let behind = Clock::held_at(BEGIN.parse().unwrap());
    let slow = App::beside(&db, &behind, &[("ROLES", "api")]).await;
    let acme = app.tenant("acme.com").await;
    let there = slow.caller(&acme.token);
    app.advance(TO_THE_CLOSE);
    slow.advance(TO_THE_CLOSE - 600);
    let before = there.post("/v1/send", &acme.hello()).await.expect(202);
    assert_eq!(before.text_at("/created_at"), "2024-01-31T23:55:00Z");
    let january = async || app.admin().get(&acme.path("/usage?period=2024-01")).await.expect(200);
    let closed = january().await;
    assert_eq!(closed.body["final"], true);
    // The request has become a fact just now, since somebody looked: it is February's.
    assert_eq!((closed.number_at("/emails_sent"), closed.number_at("/api_requests")), (1, 0));
    // By that clock it is still January; the log knows that January is over.
    let late = there.post("/v1/send", &acme.hello()).await.expect(202);
    assert_eq!(late.text_at("/created_at"), "2024-02-01T00:00:00Z");
    there.get("/v1/emails").await.expect(200);
    app.settle().await;
    let again = january().await;
    for field in ["final", "emails_sent", "emails_delivered", "api_requests", "links"] {
        assert_eq!(again.body[field], closed.body[field], "{field}");
    }
    let february = app.admin().get(&acme.path("/usage?period=2024-02")).await.expect(200);
    assert_eq!((february.number_at("/emails_sent"), february.number_at("/api_requests")), (1, 3));
    // The mail of January reached its relay in February.
    assert_eq!(february.number_at("/emails_delivered"), 2);
    slow.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn a_period_that_runs_is_not_closed_by_asking_for_it(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for period in ["2024-01", "2024-02", "2023-12"] {
        app.admin().get(&format!("/v1/usage?period={period}")).await.expect(200);
        app.admin().get(&acme.path(&format!("/usage?period={period}"))).await.expect(200);
    }
    let closed: Option<String> =
        sqlx::query_scalar("select closed_until::date::text from log_head")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert_eq!(closed.as_deref(), Some("2024-01-01"));
    acme.sends(&acme.hello()).await;
    app.stop().await;
}
