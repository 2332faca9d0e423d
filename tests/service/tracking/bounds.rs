//! What is not written down: bursts, programs that fetch ahead, and what is personal once it is erased.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use super::{all, fetch, html, left, path, reachable, timeline};

#[sqlx::test]
async fn a_burst_is_one_reading_and_so_is_a_minute(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&html(&acme, &all())).await;
    let html = left(&app).await;
    let open = path(&html, "o");
    let burst = (0..10).map(|_| fetch(&app, Method::GET, &open, &[]));
    futures_util::future::join_all(burst).await;
    app.clock.advance(Duration::from_secs(59));
    fetch(&app, Method::GET, &open, &[]).await;
    assert_eq!(timeline(&acme, &email).await.len(), 1);
    fetch(&app, Method::GET, &path(&html, "c"), &[]).await;
    assert_eq!(timeline(&acme, &email).await.len(), 2);
    app.advance(1);
    fetch(&app, Method::GET, &open, &[]).await;
    assert_eq!(timeline(&acme, &email).await.len(), 3);
    app.stop().await;
}

#[sqlx::test]
async fn programs_that_fetch_ahead_are_answered_and_not_counted(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&html(&acme, &all())).await;
    let html = left(&app).await;
    for (method, headers) in [
        (Method::HEAD, vec![]),
        (Method::GET, vec![("Sec-Purpose", "prefetch;prerender")]),
        (Method::GET, vec![("X-Purpose", "preview")]),
        (Method::GET, vec![("X-Moz", "prefetch")]),
    ] {
        let open = fetch(&app, method.clone(), &path(&html, "o"), &headers).await;
        assert_eq!(open.status().as_u16(), 200);
        let click = fetch(&app, method, &path(&html, "c"), &headers).await;
        assert_eq!(click.status().as_u16(), 302);
    }
    assert_eq!(timeline(&acme, &email).await.len(), 0);
    app.stop().await;
}

#[sqlx::test]
async fn an_erased_tenants_readers_are_nobody_and_are_still_led_on(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&html(&acme, &all())).await;
    let html = left(&app).await;
    let from = [("User-Agent", "Unmistakable/1"), ("X-Forwarded-For", "192.0.2.77")];
    fetch(&app, Method::GET, &path(&html, "o"), &from).await;
    fetch(&app, Method::GET, &path(&html, "c"), &from).await;
    app.settle().await;
    app.admin().delete(&acme.path("?erase=true")).await.expect(200);
    app.settle().await;
    let before = app.events().await;
    let answer = fetch(&app, Method::GET, &path(&html, "c"), &from).await;
    assert_eq!(answer.status().as_u16(), 302);
    assert_eq!(app.events().await, before);
    let email = app.admin().get(&acme.path(&format!("/emails/{email}"))).await.expect(200);
    let erased = json!("[erased]");
    for moment in email.body["timeline"].as_array().unwrap().iter().rev().take(2) {
        for part in ["recipient", "ip", "user_agent"] {
            assert_eq!(moment["details"][part], erased, "{moment}");
        }
    }
    let clean = "select count(*) from (select details::text from email_timeline
                 union all select payload::text from events) t(said)
                 where said like '%Unmistakable%' or said like '%192.0.2.77%' or said like '%shop.example%'";
    let left: i64 = sqlx::query_scalar(clean).fetch_one(&app.pool).await.unwrap();
    assert_eq!(left, 0);
    app.stop().await;
}
