//! When mail leaves: at its time, in its order, and not at all once it is withdrawn.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, kinds, tenant_by};
use crate::app::{App, until};
use crate::support::relay::{Act, Step, TestRelay};

#[sqlx::test]
async fn a_scheduled_mail_leaves_at_its_time_and_not_before(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z", "subject": "Later"});
    let email = acme.sends(&acme.hello_with(&at)).await;
    app.advance(599);
    let now = acme.sends(&acme.hello()).await;
    becomes(&acme, &now, "delivered").await;
    let shown = acme.email(&email).await;
    assert_eq!((shown.text_at("/status"), shown.number_at("/attempts")), ("queued".to_owned(), 0));
    assert_eq!(shown.text_at("/scheduled_at"), "2024-01-15T10:40:00Z");
    app.advance(1);
    becomes(&acme, &email, "delivered").await;
    assert!(relay.mails()[1].text().contains("Subject: Later"));
    app.stop().await;
}

#[sqlx::test]
async fn a_cancelled_mail_never_leaves_and_may_be_cancelled_twice(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z"});
    let email = acme.sends(&acme.hello_with(&at)).await;
    let path = format!("/v1/emails/{email}");
    let first = acme.caller.delete(&path).await.expect(200);
    assert_eq!(first.body, json!({"id": email, "status": "cancelled"}));
    assert_eq!(acme.caller.delete(&path).await.expect(200).body, first.body);
    app.advance(3_600);
    app.settle().await;
    let shown = acme.email(&email).await;
    assert_eq!(shown.text_at("/status"), "cancelled");
    assert_eq!(shown.text_at("/recipients/0/status"), "cancelled");
    assert_eq!(kinds(&shown), ["queued", "cancelled"]);
    assert_eq!(relay.mails(), []);
    app.stop().await;
}

#[sqlx::test]
async fn what_has_started_cannot_be_cancelled(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.once(Step::End, Act::Wait);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "sending").await;
    let path = format!("/v1/emails/{email}");
    assert_eq!(acme.caller.delete(&path).await.expect(409).code(), "already_started");
    relay.go_on();
    becomes(&acme, &email, "delivered").await;
    acme.caller.delete(&path).await.expect(409);
    app.stop().await;
}

#[sqlx::test]
async fn what_is_urgent_leaves_first(db: PgPool) {
    let relay = TestRelay::start().await;
    let app = App::with(&db, &[("QUEUE_WORKERS", "1")]).await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.once(Step::End, Act::Wait);
    acme.sends(&acme.hello_with(&json!({"subject": "first"}))).await;
    relay.wait_until(|seen| !seen.commands("DATA").is_empty()).await;
    for priority in ["low", "normal", "high"] {
        let email = acme.hello_with(&json!({"subject": priority, "priority": priority}));
        acme.sends(&email).await;
    }
    relay.go_on();
    let mails = relay.wait_for_mails(4).await;
    let subjects: Vec<_> =
        mails.iter().map(|mail| super::header(&mail.text(), "Subject").unwrap()).collect();
    assert_eq!(subjects, ["first", "high", "normal", "low"]);
    app.stop().await;
}

#[sqlx::test]
async fn an_email_is_shown_as_queued_until_a_worker_has_it(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.once(Step::Greeting, Act::Wait);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "sending").await;
    until("the queue is seen", async || {
        app.nobody().get("/health").await.number_at("/queue_depth") == 1
    })
    .await;
    relay.go_on();
    becomes(&acme, &email, "delivered").await;
    assert_eq!(app.nobody().get("/health").await.number_at("/queue_depth"), 0);
    app.stop().await;
}
