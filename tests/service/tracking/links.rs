//! The pixel and the links: what they answer, and what is told of them afterwards.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{TARGET, all, fetch, html, left, path, reachable, timeline};

#[sqlx::test]
async fn a_reader_is_led_to_the_target_and_the_sender_is_told(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.sends(&html(&acme, &all())).await;
    let html = left(&app).await;
    assert!(html.contains("mailto:a@b.example") && !html.contains("shop.example"), "{html}");
    let before = acme.caller.get("/v1/usage").await.expect(200);
    let from = [("User-Agent", "Reader/1"), ("X-Forwarded-For", "10.0.0.1, 192.0.2.7")];
    let pixel = fetch(&app, Method::GET, &path(&html, "o"), &from).await;
    assert_eq!(
        (pixel.status().as_u16(), &pixel.headers()["content-type"]),
        (200, &"image/gif".parse().unwrap())
    );
    assert_eq!(pixel.headers()["cache-control"], "no-store");
    assert!(pixel.bytes().await.unwrap().starts_with(b"GIF89a"));
    let click = fetch(&app, Method::GET, &path(&html, "c"), &from).await;
    assert_eq!(click.status().as_u16(), 302);
    assert_eq!(click.headers()["location"], TARGET);
    let seen = timeline(&acme, &email).await;
    let of = json!({"recipient": "ann@example.org", "ip": "192.0.2.7", "user_agent": "Reader/1"});
    assert_eq!((&seen[0]["type"], &seen[0]["details"]), (&json!("opened"), &of));
    let mut clicked = of.clone();
    clicked["link"] = 0.into();
    clicked["url"] = TARGET.into();
    assert_eq!((&seen[1]["type"], &seen[1]["details"]), (&json!("clicked"), &clicked));
    app.settle().await;
    let logs = acme.caller.get("/v1/logs?type=opened,clicked&recipient=ann@example.org").await;
    assert_eq!(logs.expect(200).number_at("/pagination/total"), 2);
    assert_eq!(acme.email(&email).await.text_at("/status"), "delivered");
    let after = acme.caller.get("/v1/usage").await.expect(200);
    for count in ["emails_sent", "emails_delivered", "emails_bounced", "emails_failed"] {
        assert_eq!(after.body[count], before.body[count], "{count}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_to_several_does_not_say_who_read_it(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let mut body = html(&acme, &all());
    body["to"] = json!(["ann@example.org", "bob@example.org"]);
    let email = acme.sends(&body).await;
    let html = left(&app).await;
    fetch(&app, Method::GET, &path(&html, "o"), &[]).await;
    let seen = timeline(&acme, &email).await;
    assert_eq!(seen[0]["details"]["recipient"], Value::Null);
    app.stop().await;
}

#[sqlx::test]
async fn what_we_did_not_sign_leads_nowhere(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&html(&acme, &all())).await;
    let html = left(&app).await;
    let before = app.events().await;
    let (open, click) = (path(&html, "o"), path(&html, "c"));
    let crossed = [open.replace("/t/o/", "/t/c/"), click.replace("/t/c/", "/t/o/")];
    let cut = [&open[..open.len() - 1], &click[..click.len() - 1]].map(ToOwned::to_owned);
    let made = ["/t/c/a", "/t/c/aHR0cHM6Ly9ldmlsLmV4YW1wbGU.AAAA", "/t/o/."].map(ToOwned::to_owned);
    for path in crossed.into_iter().chain(cut).chain(made) {
        let answer = fetch(&app, Method::GET, &path, &[]).await;
        assert_eq!(answer.status().as_u16(), 404, "{path}");
        assert!(answer.headers().get("location").is_none());
    }
    assert_eq!(app.events().await, before);
    app.stop().await;
}
