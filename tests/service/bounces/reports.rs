//! A report moves a recipient, and the counts with it; told twice, it does so once.

use serde_json::json;
use sqlx::PgPool;

use selfmx::projections::verify;

use super::{BOUNCE, COMPLAINT, DELAY, Reporter, about, becomes, delivered, listening, tenant_by};
use crate::app::{Answer, App, until};
use crate::support::relay::{Act, Step, TestRelay};

fn counts(usage: &Answer) -> [i64; 5] {
    let names = ["sent", "delivered", "bounced", "suppressed", "complained"];
    names.map(|name| usage.number_at(&format!("/emails_{name}")))
}

/// What is billed adds up, by the facts alone.
async fn adds_up(app: &App) {
    app.settle().await;
    for verdict in [
        verify::usage(&app.pool, None).await.unwrap(),
        verify::ended(&app.pool, None).await.unwrap(),
    ] {
        assert!(verdict.holds() && verdict.looked_at > 0, "{verdict:?}");
    }
}

async fn suppressed(tenant: &crate::app::Tenant, address: &str) -> Answer {
    let path = format!("/v1/suppressions/{address}");
    until("the address is suppressed", async || tenant.caller.get(&path).await.status == 200).await;
    tenant.caller.get(&path).await
}

#[sqlx::test]
async fn a_bounce_that_comes_on_another_day_moves_its_recipient_on_that_day(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let to = ["ann@example.org", "nobody@example.org"];
    let (email, path) = delivered(&app, &acme, &relay, &to).await;
    assert!(path.ends_with("@bounce.example.net"), "{path}");
    app.advance(86_400);
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    let shown = acme.email(&email).await;
    assert_eq!(shown.text_at("/status"), "bounced");
    assert_eq!(shown.text_at("/recipients/0/status"), "delivered");
    assert_eq!(shown.text_at("/recipients/1/status"), "bounced");
    let moments = shown.body["timeline"].as_array().unwrap();
    let details = &moments.last().unwrap()["details"];
    assert_eq!(
        (&details["status"], &details["after_delivery"], &details["recipient"]),
        (&json!("5.1.1"), &json!(true), &json!("nobody@example.org"))
    );
    assert_eq!(suppressed(&acme, "nobody@example.org").await.text_at("/email_id"), email);
    app.settle().await;
    let usage = acme.caller.get("/v1/usage?granularity=day").await.expect(200);
    assert_eq!(counts(&usage), [2, 1, 1, 0, 0]);
    let day = |place: usize, name: &str| usage.number_at(&format!("/days/{place}/emails_{name}"));
    assert_eq!((day(0, "delivered"), day(0, "bounced")), (2, 0));
    assert_eq!((day(1, "delivered"), day(1, "bounced")), (-1, 1));
    adds_up(&app).await;
    // Told again, nothing moves.
    let before = app.events().await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    assert_eq!(app.events().await, before);
    app.stop().await;
}

#[sqlx::test]
async fn a_complaint_is_counted_on_top_and_suppresses(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["ann@example.org"]).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, COMPLAINT).await, "250 2.0.0 noted");
    let shown = becomes(&acme, &email, "complained").await;
    assert_eq!(shown.text_at("/recipients/0/message"), "reported as abuse by SomeGenerator/1.0");
    assert_eq!(suppressed(&acme, "ann@example.org").await.text_at("/reason"), "complaint");
    let next = acme.sends(&acme.hello()).await;
    becomes(&acme, &next, "suppressed").await;
    app.settle().await;
    let found = acme.caller.get("/v1/emails?status=complained").await.expect(200);
    assert_eq!(found.text_at("/data/0/id"), email);
    assert_eq!(counts(&acme.caller.get("/v1/usage").await), [2, 1, 0, 1, 1]);
    adds_up(&app).await;
    app.stop().await;
}

#[sqlx::test]
async fn who_complains_of_a_mail_to_one_need_not_be_named(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let hidden = COMPLAINT.replace("Original-Rcpt-To: <ann@example.org>\n", "");
    let (one, path) = delivered(&app, &acme, &relay, &["ann@example.org"]).await;
    let two = ["ann@example.com", "bob@example.com"];
    let (both, other_path) = delivered(&app, &acme, &relay, &two).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, &hidden).await, "250 2.0.0 noted");
    assert_eq!(reporter.reports(&other_path, &hidden).await, "250 2.0.0 noted");
    becomes(&acme, &one, "complained").await;
    assert_eq!(acme.email(&both).await.text_at("/status"), "delivered");
    app.stop().await;
}

#[sqlx::test]
async fn what_reports_no_end_changes_nothing(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["ann@example.org", "b@example.org"]).await;
    let before = app.events().await;
    let holiday = "Subject: I am away\r\n\r\nuntil Monday\r\n";
    let not_spam = COMPLAINT.replace("Feedback-Type: abuse", "Feedback-Type: not-spam");
    let foreign = about(BOUNCE, "somebody.else@example.org");
    let mut reporter = Reporter::calls(app.bounces()).await;
    for report in [&about(DELAY, "ann@example.org"), holiday, &not_spam, &foreign, "x"] {
        assert_eq!(reporter.reports(&path, report).await, "250 2.0.0 noted");
    }
    assert_eq!(app.events().await, before);
    assert_eq!(acme.email(&email).await.text_at("/status"), "delivered");
    app.stop().await;
}

#[sqlx::test]
async fn a_full_mailbox_bounces_but_is_not_suppressed(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let full = BOUNCE.replace("Status: 5.1.1", "Status: 5.2.2");
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, &full).await, "250 2.0.0 noted");
    becomes(&acme, &email, "bounced").await;
    until("the log was searched", async || {
        let so = "select (select position from suppression_cursor)
                       = (select position from log_head)";
        sqlx::query_scalar::<_, bool>(so).fetch_one(&app.pool).await.unwrap()
    })
    .await;
    acme.caller.get("/v1/suppressions/nobody@example.org").await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn a_report_that_is_quicker_than_the_relays_own_answer_must_come_again(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    relay.once(Step::End, Act::Wait);
    let to = json!({"to": "nobody@example.org"});
    let email = acme.sends(&acme.hello_with(&to)).await;
    until("the relay has it", async || !relay.seen().commands("DATA").is_empty()).await;
    let seen = relay.seen();
    let sent = seen.commands("MAIL")[0];
    let path = sent.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "451 4.3.0 try again later");
    relay.go_on();
    becomes(&acme, &email, "delivered").await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    becomes(&acme, &email, "bounced").await;
    adds_up(&app).await;
    app.stop().await;
}

#[sqlx::test]
async fn what_the_database_does_not_take_must_come_again(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    let db = &app.pool;
    let away = |sql: &'static str| async move { sqlx::raw_sql(sql).execute(db).await.unwrap() };
    away("alter table events rename to away").await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "451 4.3.0 try again later");
    away("alter table away rename to events").await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    becomes(&acme, &email, "bounced").await;
    app.stop().await;
}

#[sqlx::test]
async fn an_erased_tenants_mail_bounces_without_a_name(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    app.admin().delete(&format!("{}?erase=true", acme.path(""))).await.expect(200);
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    let shown = app.admin().get(&acme.path(&format!("/emails/{email}"))).await.expect(200);
    assert_eq!(shown.text_at("/status"), "bounced");
    assert!(!shown.text.contains("nobody"), "{}", shown.text);
    adds_up(&app).await;
    app.stop().await;
}
