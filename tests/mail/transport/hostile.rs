//! Relays that answer what no relay should.

use selfmx::mail::transport::{Outcome, Route, Sent};
use selfmx::values::RelayTls;

use crate::letters::{is_bounced_by, is_delivered, of, only, route, send_to};
use crate::support::relay::{Act, Step, TestRelay};

/// Every text in what the transport tells.
fn texts(sent: &Sent) -> Vec<&str> {
    let words = |outcome| match outcome {
        &Outcome::Delivered { response: ref words }
        | &Outcome::Bounced { message: ref words, .. }
        | &Outcome::Deferred { message: ref words, .. }
        | &Outcome::AuthRefused { message: ref words }
        | &Outcome::Misconfigured { message: ref words } => words.as_str(),
    };
    let outcomes = sent.outcomes.iter().map(|(_, outcome)| words(outcome));
    outcomes.chain(sent.trouble.iter().map(|trouble| trouble.message.as_str())).collect()
}

fn bytes(parts: &[&[u8]]) -> Act {
    Act::Bytes(parts.concat())
}

#[tokio::test]
async fn a_refusal_in_another_encoding_than_utf8_loses_nobody_else() {
    for tls in [RelayTls::None, RelayTls::StartTls] {
        let relay = TestRelay::options().starttls().start().await;
        relay.once(Step::Rcpt, bytes(&[b"550 5.1.1 Empf\xe4nger unbekannt\r\n"]));
        let route = Route { tls, tls_verify: false, ..route(&relay) };

        let sent = send_to(&route, &["a@a.example", "b@b.example"]).await;

        assert!(is_bounced_by(of(&sent, "a@a.example"), 550), "{sent:?}");
        assert!(is_delivered(of(&sent, "b@b.example")), "{sent:?}");
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_with_odd_words_is_not_sent_again() {
    for words in
        [b"250 gr\xfc\xdfe\r\n".as_slice(), b"250\r\n", b"250 taken\n", b"250-a\r\n250\r\n"]
    {
        let relay = TestRelay::start().await;
        relay.once(Step::End, bytes(&[words]));
        assert!(is_delivered(&only(send_to(&route(&relay), &["a@a.example"]).await)), "{words:?}");
    }
}

#[tokio::test]
async fn control_characters_do_not_come_through() {
    for step in [Step::Greeting, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::End] {
        let relay = TestRelay::start().await;
        relay.once(step, bytes(&[b"554 5.0.0 a\0b\x1b[31mc\x07\xc2\x85d\r\n"]));
        let sent = send_to(&route(&relay), &["a@a.example"]).await;
        for text in texts(&sent) {
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert!(text.contains("a b"), "{text:?}");
        }
    }
    let relay = TestRelay::start().await;
    relay.once(Step::End, bytes(&[b"250 taken\0as 4711\r\n"]));
    let sent = send_to(&route(&relay), &["a@a.example"]).await;
    assert_eq!(texts(&sent), ["250 taken as 4711"]);
}

#[tokio::test]
async fn a_relay_that_never_ends_its_words_is_cut_short() {
    for step in [Step::Greeting, Step::Rcpt, Step::End] {
        let relay = TestRelay::start().await;
        let long = vec![b'x'; 100_000];
        relay.once(step, bytes(&[b"550-", &long, b"\r\n", b"550 ", &long, b"\r\n"]));
        let sent = send_to(&route(&relay), &["a@a.example"]).await;
        for text in texts(&sent) {
            assert!(text.chars().count() <= 500, "{}", text.len());
        }
        assert!(step == Step::Greeting || is_bounced_by(&only(sent), 550));
    }
}

#[tokio::test]
async fn many_lines_and_many_scripts_are_cut_between_characters() {
    let relay = TestRelay::start().await;
    relay.once(Step::Mail, Act::say(&"550-5.7.1 nicht für Sie: ü€𝄞\r\n".repeat(200)));
    let sent = send_to(&route(&relay), &["a@a.example"]).await;
    assert!(texts(&sent).iter().all(|text| text.chars().count() <= 500), "{sent:?}");
}
