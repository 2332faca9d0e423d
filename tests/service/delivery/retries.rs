//! What is put off is tried again: after one, five and thirty minutes, and then no more.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, header, tenant_by};
use crate::app::{App, Tenant, until};
use crate::support::relay::{Act, Step, TestRelay};

/// Waits until so many attempts have come to nothing.
async fn tried(acme: &Tenant, email: &str, attempts: i64) {
    until("the attempt is over", async || {
        let shown = acme.email(email).await;
        shown.number_at("/attempts") == attempts && shown.text_at("/status") != "sending"
    })
    .await;
}

#[sqlx::test]
async fn a_mail_put_off_is_tried_after_1_and_5_and_30_minutes_and_then_fails(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.on(Step::End, Act::say("451 4.3.0 try later"));
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    tried(&acme, &email, 1).await;
    for (attempt, minutes) in [(2, 1), (3, 5), (4, 30)] {
        app.advance(minutes * 60 - 1);
        // Another mail comes and goes: the delivery has looked, and it was not time yet.
        let other = acme.sends(&acme.hello_with(&json!({"scheduled_at": null}))).await;
        tried(&acme, &other, 1).await;
        assert_eq!(acme.email(&email).await.number_at("/attempts"), attempt - 1);
        acme.caller.delete(&format!("/v1/emails/{other}")).await.expect(409);
        app.advance(1);
        tried(&acme, &email, attempt).await;
    }
    let shown = becomes(&acme, &email, "failed").await;
    assert!(shown.text_at("/last_error").contains("try later"), "{}", shown.text);
    assert_eq!(shown.body.get("next_attempt_at"), None);
    app.stop().await;
}

#[sqlx::test]
async fn a_relay_that_is_away_is_tried_again_too(db: PgPool) {
    let app = App::start(&db).await;
    let relay = TestRelay::start().await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.once(Step::Greeting, Act::Drop);
    let email = acme.sends(&acme.hello()).await;
    tried(&acme, &email, 1).await;
    relay.once(Step::Ehlo, Act::say("421 4.3.2 going down"));
    app.advance(60);
    tried(&acme, &email, 2).await;
    let health = app.admin().get(&acme.path("")).await;
    assert_eq!(health.text_at("/smtp/health/status"), "unhealthy");
    app.advance(300);
    becomes(&acme, &email, "delivered").await;
    app.stop().await;
}

#[sqlx::test]
async fn how_often_and_how_soon_is_the_operators_choice(db: PgPool) {
    let relay = TestRelay::start().await;
    let settings = [("QUEUE_RETRY_ATTEMPTS", "1"), ("QUEUE_RETRY_DELAY", "7")];
    let app = App::with(&db, &settings).await;
    relay.on(Step::Mail, Act::say("421 4.7.0 too many"));
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    tried(&acme, &email, 1).await;
    assert_eq!(acme.email(&email).await.text_at("/next_attempt_at"), "2024-01-15T10:30:07Z");
    app.advance(7);
    let shown = becomes(&acme, &email, "failed").await;
    assert_eq!(shown.number_at("/attempts"), 2);
    app.stop().await;
}

#[sqlx::test]
async fn the_message_id_is_the_same_in_every_attempt(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.times(2, Step::End, Act::TakeAndDrop);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    tried(&acme, &email, 1).await;
    app.advance(60);
    tried(&acme, &email, 2).await;
    app.advance(300);
    becomes(&acme, &email, "delivered").await;
    let ids: Vec<_> =
        relay.mails().iter().map(|mail| header(&mail.text(), "Message-ID").unwrap()).collect();
    assert_eq!(ids, vec![format!("<{email}@acme.com>"); 3]);
    app.stop().await;
}
