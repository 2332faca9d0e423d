//! What became of a mail, recipient by recipient.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, header, kinds, moment, tenant_by};
use crate::app::App;
use crate::support::relay::{Act, Step, TestRelay};

#[sqlx::test]
async fn one_refused_recipient_loses_nobody_else(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.refuse("bob@example.org", "550 5.1.1 no such user");
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let to = ["ann@example.org", "bob@example.org", "eve@example.org"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    let shown = becomes(&acme, &email, "bounced").await;
    assert_eq!(relay.mails()[0].to, ["ann@example.org", "eve@example.org"]);
    let statuses: Vec<String> =
        (0..3).map(|place| shown.text_at(&format!("/recipients/{place}/status"))).collect();
    assert_eq!(statuses, ["delivered", "bounced", "delivered"]);
    assert_eq!(shown.number_at("/recipients/1/code"), 550);
    assert_eq!(shown.text_at("/recipients/1/message"), "5.1.1 no such user");
    app.stop().await;
}

#[sqlx::test]
async fn of_mixed_outcomes_only_what_was_put_off_is_tried_again(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.refuse("bob@example.org", "450 4.2.1 try later");
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let to = ["ann@example.org", "bob@example.org"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    app.settle().await;
    let shown = becomes(&acme, &email, "queued").await;
    assert_eq!(shown.text_at("/recipients/0/status"), "delivered");
    assert_eq!(shown.text_at("/recipients/1/status"), "queued");
    assert_eq!(shown.number_at("/attempts"), 1);
    assert_eq!(shown.text_at("/next_attempt_at"), "2024-01-15T10:31:00Z");
    assert_eq!(shown.text_at("/last_error"), "try later");
    assert_eq!(shown.number_at("/recipients/1/code"), 450);
    relay.behave();
    app.advance(60);
    becomes(&acme, &email, "delivered").await;
    let mails = relay.mails();
    assert_eq!(mails[1].to, ["bob@example.org"]);
    assert_eq!(header(&mails[0].text(), "Message-ID"), header(&mails[1].text(), "Message-ID"));
    app.stop().await;
}

#[sqlx::test]
async fn a_refusal_for_good_bounces_at_once_and_is_never_tried_again(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.on(Step::End, Act::say("554 5.7.1 not wanted"));
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    let shown = becomes(&acme, &email, "bounced").await;
    assert_eq!(kinds(&shown), ["queued", "sending", "bounced"]);
    app.advance(3_600);
    app.settle().await;
    assert_eq!(acme.email(&email).await.number_at("/attempts"), 1);
    assert_eq!(relay.seen().commands("DATA").len(), 1);
    app.stop().await;
}

#[sqlx::test]
async fn a_relay_that_hangs_up_after_the_final_dot_may_have_the_mail(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.once(Step::End, Act::TakeAndDrop);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    app.settle().await;
    let shown = becomes(&acme, &email, "queued").await;
    assert_eq!(moment(&shown, "deferred")["details"]["may_have_arrived"], true);
    app.advance(60);
    let shown = becomes(&acme, &email, "delivered").await;
    assert_eq!(
        kinds(&shown),
        ["queued", "sending", "deferred", "rescheduled", "sending", "delivered"]
    );
    let mails = relay.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(header(&mails[0].text(), "Message-ID"), header(&mails[1].text(), "Message-ID"));
    app.stop().await;
}

#[sqlx::test]
async fn a_put_off_before_the_final_dot_is_not_ambiguous(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.once(Step::Data, Act::Drop);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let email = acme.sends(&acme.hello()).await;
    app.settle().await;
    let shown = becomes(&acme, &email, "queued").await;
    assert_eq!(moment(&shown, "deferred")["details"]["may_have_arrived"], false);
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_whose_contents_are_gone_fails_and_says_so(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let later = json!({"scheduled_at": "2024-01-15T11:00:00Z"});
    let email = acme.sends(&acme.hello_with(&later)).await;
    sqlx::raw_sql("delete from email_contents").execute(&app.pool).await.unwrap();
    app.advance(1_800);
    let shown = becomes(&acme, &email, "failed").await;
    assert_eq!(shown.text_at("/last_error"), "its contents are not kept any more");
    assert_eq!(shown.body.get("text"), None);
    app.stop().await;
}
