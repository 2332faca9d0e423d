//! Whom the listener lets in: nobody who names no mail of ours, so that it is no relay for anybody.

use sqlx::PgPool;
use tokio::io::BufReader;
use tokio::net::TcpStream;

use super::{BOUNCE, Reporter, becomes, delivered, listening, tenant_by};
use crate::app::{App, until};
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn nothing_is_taken_for_an_address_that_we_have_not_made(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (_, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let (token, _) = path.split_once('@').unwrap();
    let forged =
        format!("{}{}", &token[..token.len() - 1], if token.ends_with('0') { '1' } else { '0' });
    let before = app.events().await;
    for address in [
        "ann@example.org".to_owned(),
        "hello@acme.com".to_owned(),
        "postmaster@bounce.example.net".to_owned(),
        format!("{forged}@bounce.example.net"),
        format!("{forged}@bounces.acme.com"),
        format!("{token}@acme.com"),
        format!("{token}@mail.bounces.acme.com"),
        "postmaster@bounces.acme.com".to_owned(),
        format!("{token}@example.net"),
        format!("{token}%example.org@bounce.example.net"),
        format!("@bounce.example.net:{token}@example.org"),
        "postmaster".to_owned(),
        String::new(),
    ] {
        let mut reporter = Reporter::calls(app.bounces()).await;
        assert!(reporter.asks("MAIL FROM:<spammer@example.com>").await.starts_with("250 "));
        assert_eq!(
            reporter.asks(&format!("RCPT TO:<{address}>")).await,
            "550 5.7.1 no mail is taken for this address",
            "{address}"
        );
        assert_eq!(reporter.asks("DATA").await, "503 5.5.1 not in this order");
    }
    assert_eq!(app.events().await, before);
    assert_eq!(relay.mails().len(), 1, "and nothing was sent on");
    app.stop().await;
}

#[sqlx::test]
async fn who_guesses_is_hung_up_on(db: PgPool) {
    let app = listening(&db).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert!(reporter.asks("MAIL FROM:<>").await.starts_with("250 "));
    for _ in 0..5 {
        assert!(reporter.asks("RCPT TO:<x@bounce.example.net>").await.starts_with("550 "));
    }
    assert!(reporter.asks("RCPT TO:<x@bounce.example.net>").await.starts_with("550 "));
    assert_eq!(reporter.hears().await, "421 4.7.0 too many mistakes");
    assert_eq!(reporter.hears().await, "");
    app.stop().await;
}

#[sqlx::test]
async fn what_is_too_large_is_refused_before_or_after_it_was_sent(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.asks("MAIL FROM:<> SIZE=50000000").await, "552 5.3.4 too large");
    let large = format!("{BOUNCE}\r\n{}", lines(42));
    assert_eq!(reporter.reports(&path, &large).await, "552 5.3.4 too large");
    assert_eq!(acme.email(&email).await.text_at("/status"), "delivered");
    // And the conversation goes on.
    assert_eq!(reporter.reports(&path, BOUNCE).await, "250 2.0.0 noted");
    becomes(&acme, &email, "bounced").await;
    app.stop().await;
}

/// So many MiB of a mail that is sent back.
fn lines(mebibytes: usize) -> String {
    format!("{}\r\n", "x".repeat(1_022)).repeat(1_024 * mebibytes)
}

#[sqlx::test]
async fn a_report_with_a_large_mail_in_it_counts(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (email, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let (report, end) = BOUNCE.rsplit_once("\n--").unwrap();
    let whole = format!("{report}\n{}\n--{end}", lines(6));
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&path, &whole).await, "250 2.0.0 noted");
    becomes(&acme, &email, "bounced").await;
    app.stop().await;
}

#[sqlx::test]
async fn one_peer_has_eight_connections_and_a_place_again_when_one_ends(db: PgPool) {
    let app = listening(&db).await;
    let mut reporters = Vec::new();
    for _ in 0..8 {
        reporters.push(Reporter::calls(app.bounces()).await);
    }
    let stream = TcpStream::connect(app.bounces()).await.unwrap();
    let mut ninth = Reporter(BufReader::new(stream));
    assert_eq!(ninth.hears().await, "421 4.7.0 too many connections from your address");
    assert_eq!(reporters[0].asks("QUIT").await, "221 2.0.0 goodbye");
    until("there is a place again", async || {
        let stream = TcpStream::connect(app.bounces()).await.unwrap();
        Reporter(BufReader::new(stream)).hears().await.starts_with("220 ")
    })
    .await;
    app.stop().await;
}

#[sqlx::test]
async fn upper_and_lower_case_are_the_same_address(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, listening(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (_, path) = delivered(&app, &acme, &relay, &["nobody@example.org"]).await;
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert!(reporter.asks("MAIL FROM:<>").await.starts_with("250 "));
    let shouted = path.to_uppercase();
    assert!(reporter.asks(&format!("RCPT TO:<{shouted}>")).await.starts_with("250 "));
    app.stop().await;
}

#[sqlx::test]
async fn without_a_domain_bounces_go_to_whoever_sent_the_mail(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let (_, path) = delivered(&app, &acme, &relay, &["ann@example.org"]).await;
    assert_eq!(path, "hello@acme.com");
    app.stop().await;
}
