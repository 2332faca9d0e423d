//! Who has a mail: one worker at a time, and another once that one is gone.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, header, kinds, moment, tenant_by};
use crate::app::{App, until};
use crate::support::relay::{Act, Step, TestRelay};

#[sqlx::test]
async fn a_mail_whose_worker_is_gone_goes_again_under_the_same_message_id(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    // The first worker takes it and is gone after the relay has it, without a word in the log.
    relay.once(Step::End, Act::TakeAndStall);
    let email = acme.sends(&acme.hello()).await;
    relay.wait_for_mails(1).await;
    sqlx::raw_sql("update send_queue set lease = gen_random_uuid()")
        .execute(&app.pool)
        .await
        .unwrap();
    app.stop().await;
    let app = App::start(&db).await;
    let acme_again = app.caller(&acme.token);
    let path = format!("/v1/emails/{email}");
    assert_eq!(acme_again.get(&path).await.text_at("/status"), "sending");
    app.advance(61);
    until("it went again", async || acme_again.get(&path).await.text_at("/status") == "delivered")
        .await;
    let shown = acme_again.get(&path).await;
    assert_eq!(kinds(&shown), ["queued", "sending", "interrupted", "sending", "delivered"]);
    assert_eq!(moment(&shown, "interrupted")["details"]["may_have_arrived"], true);
    let mails = relay.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(header(&mails[0].text(), "Message-ID"), header(&mails[1].text(), "Message-ID"));
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_claimed_by_a_worker_that_never_began_waits_for_the_lease_only(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let at = json!({"scheduled_at": "2024-01-15T10:31:00Z"});
    let email = acme.sends(&acme.hello_with(&at)).await;
    sqlx::raw_sql(
        "update send_queue set lease = gen_random_uuid(), leased_until = '2024-01-15T10:32:00Z', fence = 1",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    app.advance(60);
    let other = acme.sends(&acme.hello()).await;
    becomes(&acme, &other, "delivered").await;
    assert_eq!(acme.email(&email).await.text_at("/status"), "queued");
    app.advance(60);
    let shown = becomes(&acme, &email, "delivered").await;
    assert_eq!(kinds(&shown), ["queued", "sending", "delivered"]);
    app.stop().await;
}

#[sqlx::test]
async fn a_worker_that_still_waits_for_a_slow_relay_does_not_send_the_mail_again(db: PgPool) {
    let relay = TestRelay::start().await;
    let app = App::with(&db, &[("SMTP_TIMEOUT", "600")]).await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.once(Step::End, Act::Wait);
    let slow = acme.sends(&acme.hello()).await;
    relay.wait_until(|seen| !seen.commands("DATA").is_empty()).await;
    // The lease has run out, as when the database was away for a minute.
    app.advance(61);
    let other = acme.sends(&acme.hello()).await;
    becomes(&acme, &other, "delivered").await;
    relay.go_on();
    let shown = becomes(&acme, &slow, "delivered").await;
    assert_eq!(kinds(&shown), ["queued", "sending", "delivered"]);
    assert_eq!(relay.mails().len(), 2);
    app.stop().await;
}
