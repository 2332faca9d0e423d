//! What goes over the wire is the mail, byte for byte.

use selfmx::mail::transport::Smtp;

use crate::letters::{is_delivered, letter, only, route, send, written};
use crate::support::relay::TestRelay;

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    for text in ["Hello", ".\n..\n.dots\n", "", "\n\n", "a\n.\nb\nQUIT\n", &".\n".repeat(1_000)] {
        let relay = TestRelay::start().await;
        let mut letter = letter(&["a@a.example"]);
        letter.text = Some(text.to_owned());
        assert!(is_delivered(&only(send(&Smtp::default(), &route(&relay), &letter).await)));
        let arrived = String::from_utf8(relay.mails()[0].raw.clone()).unwrap();
        assert_eq!(arrived, String::from_utf8(written(&letter).bytes).unwrap(), "{text:?}");
    }
}

#[tokio::test]
async fn a_mail_with_other_headers_arrives_as_it_was_written_for_them() {
    let relay = TestRelay::options().without("SMTPUTF8").start().await;
    let mut letter = letter(&["jürgen@a.example", "b@b.example"]);
    letter.text = Some(".first\n.second".to_owned());
    send(&Smtp::default(), &route(&relay), &letter).await;
    assert_eq!(relay.mails()[0].raw, written(&letter).ascii().unwrap().concat());
}

#[tokio::test]
async fn a_large_mail_arrives_whole() {
    let relay = TestRelay::start().await;
    let mut letter = letter(&["a@a.example"]);
    letter.text = Some("...........\n".repeat(500_000));
    assert!(is_delivered(&only(send(&Smtp::default(), &route(&relay), &letter).await)));
    assert!(relay.mails()[0].raw == written(&letter).bytes);
}

#[tokio::test]
async fn we_introduce_ourselves_by_a_name_that_relays_take() {
    let relay = TestRelay::start().await;
    send(&Smtp::default(), &route(&relay), &letter(&["a@a.example"])).await;
    let seen = relay.seen();
    let name = seen.commands("EHLO ")[0].trim_start_matches("EHLO ");
    assert!(name.contains('.') || name.starts_with("[IPv6:"), "{name}");
}
