//! Mail to whom none is to go does not leave, whenever it was accepted; all others get theirs.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes_suppressed, searched, suppress, tenant_by};
use crate::app::{Answer, App, Tenant, until};
use crate::support::relay::{Act, Step, TestRelay};

async fn becomes(tenant: &Tenant, email: &str, status: &str) -> Answer {
    until(&format!("{email} is {status}"), async || {
        tenant.email(email).await.text_at("/status") == status
    })
    .await;
    tenant.email(email).await
}

fn statuses(email: &Answer) -> Vec<String> {
    let recipients = email.body["recipients"].as_array().unwrap();
    recipients.iter().map(|to| to["status"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test]
async fn who_is_suppressed_is_left_out_and_the_others_get_their_mail(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    suppress(&acme, "Bob@example.org").await;
    let to = json!({"to": ["ann@example.org", "bob@example.org"], "bcc": "eve@example.org"});
    let email = acme.sends(&acme.hello_with(&to)).await;
    let shown = becomes(&acme, &email, "suppressed").await;
    assert_eq!(statuses(&shown), ["delivered", "suppressed", "delivered"]);
    assert_eq!(
        shown.text_at("/recipients/1/message"),
        "the address is on the suppression list: manual"
    );
    assert_eq!(relay.mails()[0].to, ["ann@example.org", "eve@example.org"]);
    app.settle().await;
    let usage = acme.caller.get("/v1/usage").await.expect(200);
    let counts =
        ["sent", "delivered", "suppressed"].map(|n| usage.number_at(&format!("/emails_{n}")));
    assert_eq!(counts, [3, 2, 1]);
    app.stop().await;
}

#[sqlx::test]
async fn if_all_are_suppressed_nobody_calls_the_relay(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    suppress(&acme, "ann@example.org").await;
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "suppressed").await;
    assert!(relay.seen().commands("MAIL").is_empty());
    let found = acme.caller.get("/v1/emails?status=suppressed").await.expect(200);
    assert_eq!(found.text_at("/data/0/id"), email);
    app.stop().await;
}

#[sqlx::test]
async fn mail_that_was_scheduled_or_put_off_before_is_covered_too(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let later = json!({"scheduled_at": "2024-01-15T10:35:00Z"});
    let scheduled = acme.sends(&acme.hello_with(&later)).await;
    relay.once(Step::Data, Act::say("451 4.3.0 busy"));
    let put_off = acme.sends(&acme.hello()).await;
    until("it is put off", async || acme.email(&put_off).await.number_at("/attempts") == 1).await;
    app.settle().await;
    suppress(&acme, "ann@example.org").await;
    app.advance(600);
    becomes(&acme, &scheduled, "suppressed").await;
    becomes(&acme, &put_off, "suppressed").await;
    assert!(relay.mails().is_empty());
    app.stop().await;
}

#[sqlx::test]
async fn who_is_taken_off_the_list_gets_mail_again(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    suppress(&acme, "ann@example.org").await;
    acme.caller.delete("/v1/suppressions/ann@example.org").await.expect(204);
    let email = acme.sends(&acme.hello()).await;
    becomes(&acme, &email, "delivered").await;
    app.stop().await;
}

#[sqlx::test]
async fn an_address_that_a_relay_calls_unknown_is_suppressed(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.refuse("bob@example.org", "550 5.1.1 no such user");
    let email = acme.sends(&acme.hello_with(&json!({"to": "bob@example.org"}))).await;
    assert_eq!(becomes_suppressed(&acme, "bob@example.org").await, "hard_bounce");
    let why = acme.caller.get("/v1/suppressions/bob@example.org").await;
    assert_eq!(why.text_at("/email_id"), email);
    let next = acme.sends(&acme.hello_with(&json!({"to": "bob@example.org"}))).await;
    becomes(&acme, &next, "suppressed").await;
    // Taken off by hand, it stays off although the log still tells of the bounce.
    acme.caller.delete("/v1/suppressions/bob@example.org").await.expect(204);
    sqlx::raw_sql("update suppression_cursor set position = 0").execute(&app.pool).await.unwrap();
    searched(&app).await;
    acme.caller.get("/v1/suppressions/bob@example.org").await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn a_refusal_that_is_not_about_the_mailbox_suppresses_nobody(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.refuse("policy@example.org", "550 5.7.1 not wanted here");
    relay.refuse("full@example.org", "552 5.2.2 mailbox full");
    relay.refuse("mute@example.org", "550 no");
    relay.refuse("gone@example.org", "550 5.1.1 no such user");
    let to = ["policy@example.org", "full@example.org", "mute@example.org", "gone@example.org"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    becomes(&acme, &email, "bounced").await;
    becomes_suppressed(&acme, "gone@example.org").await;
    searched(&app).await;
    assert_eq!(acme.caller.get("/v1/suppressions").await.number_at("/pagination/total"), 1);
    app.stop().await;
}
