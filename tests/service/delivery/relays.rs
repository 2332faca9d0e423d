//! By which relay mail leaves, and how the way there is kept from other eyes.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, change, moment, smtp, smtp_with, tenant_by};
use crate::app::App;
use crate::support::relay::{Options, TestRelay};

/// Settings of a shared relay.
async fn app_with_shared(db: &PgPool, relay: &TestRelay) -> App {
    let port = relay.port().to_string();
    let settings = [("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", port.as_str()), ("SMTP_TLS", "none")];
    App::with(db, &settings).await
}

#[sqlx::test]
async fn a_tenant_without_a_relay_sends_by_the_shared_one_and_the_other_by_its_own(db: PgPool) {
    let (shared, own) = (TestRelay::start().await, TestRelay::start().await);
    let app = app_with_shared(&db, &shared).await;
    let acme = app.tenant("acme.com").await;
    let zeta = tenant_by(&app, "zeta.com", &own).await;
    acme.sends(&acme.hello()).await;
    zeta.sends(&zeta.hello()).await;
    assert_eq!(shared.wait_for_mails(1).await[0].from, "hello@acme.com");
    assert_eq!(own.wait_for_mails(1).await[0].from, "hello@zeta.com");
    app.settle().await;
    assert_eq!((shared.mails().len(), own.mails().len()), (1, 1));
    app.stop().await;
}

#[sqlx::test]
async fn new_settings_hold_for_the_next_mail_and_null_leads_back_to_the_shared_relay(db: PgPool) {
    let shared = TestRelay::start().await;
    let (first, second) = (TestRelay::start().await, TestRelay::start().await);
    let app = app_with_shared(&db, &shared).await;
    let acme = tenant_by(&app, "acme.com", &first).await;
    acme.sends(&acme.hello()).await;
    first.wait_for_mails(1).await;
    change(&app, &acme, &json!({"smtp": smtp(&second)})).await;
    acme.sends(&acme.hello()).await;
    second.wait_for_mails(1).await;
    change(&app, &acme, &json!({"smtp": null})).await;
    acme.sends(&acme.hello()).await;
    shared.wait_for_mails(1).await;
    assert_eq!((first.mails().len(), second.mails().len()), (1, 1));
    app.stop().await;
}

/// One mail by a relay of this kind; certificates are not checked.
async fn is_delivered_by(db: &PgPool, options: Options, tls: &str) {
    let relay = options.start().await;
    let app = App::with(db, &[("SMTP_TLS_VERIFY", "false")]).await;
    let acme = app.tenant("acme.com").await;
    change(&app, &acme, &json!({"smtp": smtp_with(&relay, &json!({"tls": tls}))})).await;
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "delivered").await;
    assert_eq!(relay.mails().len(), 1);
    app.stop().await;
}

#[sqlx::test]
async fn mail_leaves_by_starttls(db: PgPool) {
    is_delivered_by(&db, TestRelay::options().starttls(), "starttls").await;
}

#[sqlx::test]
async fn mail_leaves_by_implicit_tls(db: PgPool) {
    is_delivered_by(&db, TestRelay::options().implicit_tls(), "implicit").await;
}

#[sqlx::test]
async fn a_certificate_that_nobody_vouches_for_is_not_taken_by_default(db: PgPool) {
    let relay = TestRelay::options().starttls().start().await;
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let settings = json!({"smtp": smtp_with(&relay, &json!({"tls": "starttls"}))});
    change(&app, &acme, &settings).await;
    let email = acme.sends(&acme.hello()).await;
    app.settle().await;
    let shown = becomes(&acme, &email, "queued").await;
    let deferred = moment(&shown, "deferred");
    let said = deferred["details"]["message"].as_str().unwrap().to_lowercase();
    assert!(said.contains("certificate"), "{said}");
    assert_eq!(relay.mails(), []);
    app.stop().await;
}

#[sqlx::test]
async fn starttls_is_not_done_without(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    let settings = json!({"smtp": smtp_with(&relay, &json!({"tls": "starttls"}))});
    change(&app, &acme, &settings).await;
    let email = acme.sends(&acme.hello()).await;
    app.settle().await;
    let shown = acme.email(&email).await;
    assert!(shown.text_at("/last_error").contains("STARTTLS"), "{}", shown.text);
    assert_eq!(relay.mails(), []);
    app.stop().await;
}

#[sqlx::test]
async fn a_refused_login_fails_at_once_and_is_shown_until_the_relay_is_well_again(db: PgPool) {
    let relay = TestRelay::options().login("acme", "right").start().await;
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let login =
        |pass: &str| json!({"smtp": smtp_with(&relay, &json!({"user": "acme", "pass": pass}))});
    change(&app, &acme, &login("wrong")).await;
    let email = acme.sends(&acme.hello()).await;
    let shown = becomes(&acme, &email, "failed").await;
    assert!(shown.text_at("/last_error").contains("login"), "{}", shown.text);
    assert!(!shown.text.contains("wrong\""), "{}", shown.text);
    let health = app.admin().get(&acme.path("")).await;
    assert_eq!(health.text_at("/smtp/health/status"), "unhealthy");
    assert!(health.text_at("/smtp/health/message").contains("535"), "{}", health.text);
    change(&app, &acme, &login("right")).await;
    app.advance(60);
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "delivered").await;
    let health = acme.caller.get("/v1/tenant").await;
    assert_eq!(health.text_at("/smtp/health/status"), "healthy");
    assert_eq!(health.text_at("/smtp/health/since"), "2024-01-15T10:31:00Z");
    app.stop().await;
}
