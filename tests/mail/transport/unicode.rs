//! Addresses in any script, by relays that know them and by those that do not.

use crate::letters::{
    is_bounced_by, is_delivered, letter, mailbox, of, only, route, send, send_to,
};
use crate::support::relay::TestRelay;
use selfmx::mail::transport::Smtp;

#[tokio::test]
async fn a_local_part_in_any_script_is_delivered_where_offered() {
    let relay = TestRelay::start().await;
    let sent = send_to(&route(&relay), &["jürgen@a.example", "b@b.example"]).await;
    assert!(sent.outcomes.iter().all(|(_, outcome)| is_delivered(outcome)));
    assert_eq!(relay.mails()[0].to, ["jürgen@a.example", "b@b.example"]);
    let seen = relay.seen();
    assert!(seen.commands("MAIL")[0].contains("SMTPUTF8"));
}

#[tokio::test]
async fn where_it_is_not_offered_only_that_recipient_bounces() {
    let relay = TestRelay::options().without("SMTPUTF8").without("8BITMIME").start().await;
    let sent = send_to(&route(&relay), &["jürgen@a.example", "b@b.example"]).await;
    assert!(is_bounced_by(of(&sent, "jürgen@a.example"), 553));
    assert!(is_delivered(of(&sent, "b@b.example")));
    assert_eq!(sent.trouble, None);
    let mail = &relay.mails()[0];
    assert!(mail.raw.is_ascii(), "{}", mail.text());
    assert_eq!(mail.to, ["b@b.example"]);
}

#[tokio::test]
async fn a_sender_that_cannot_be_written_bounces_for_everybody() {
    let relay = TestRelay::options().without("SMTPUTF8").start().await;
    let mut letter = letter(&["a@a.example", "b@b.example"]);
    letter.from = mailbox("Jürgen <jürgen@acme.example>");
    let sent = send(&Smtp::default(), &route(&relay), &letter).await;
    assert!(sent.outcomes.iter().all(|(_, outcome)| is_bounced_by(outcome, 553)));
    assert!(relay.seen().commands("MAIL").is_empty());
}

#[tokio::test]
async fn an_ascii_mail_does_not_ask_for_what_it_does_not_need() {
    let relay = TestRelay::start().await;
    assert!(is_delivered(&only(send_to(&route(&relay), &["a@a.example"]).await)));
    assert_eq!(relay.seen().commands("MAIL"), ["MAIL FROM:<ann@acme.example>"]);
}

#[tokio::test]
async fn a_domain_in_any_script_goes_as_its_a_label() {
    let relay = TestRelay::options().without("SMTPUTF8").start().await;
    assert!(is_delivered(&only(send_to(&route(&relay), &["a@bücher.example"]).await)));
    assert_eq!(relay.mails()[0].to, ["a@xn--bcher-kva.example"]);
}
