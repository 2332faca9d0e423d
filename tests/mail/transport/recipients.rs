//! Each recipient has an outcome of its own.

use selfmx::mail::transport::Outcome;

use crate::letters::{
    address, is_bounced_by, is_deferred_by, is_delivered, of, only, route, send_to,
};
use crate::support::relay::{Act, Step, TestRelay};

#[tokio::test]
async fn one_refused_recipient_loses_nobody_else() {
    let relay = TestRelay::start().await;
    relay.refuse("bob@b.example", "550 5.1.1 no such user");
    relay.refuse("cat@c.example", "450 4.2.1 greylisted");
    let all = ["ann@a.example", "bob@b.example", "cat@c.example", "dan@d.example"];

    let sent = send_to(&route(&relay), &all).await;

    assert!(is_delivered(of(&sent, "ann@a.example")));
    assert_eq!(
        *of(&sent, "bob@b.example"),
        Outcome::Bounced {
            code: 550,
            enhanced: Some("5.1.1".to_owned()),
            message: "no such user".to_owned()
        }
    );
    assert!(is_deferred_by(of(&sent, "cat@c.example"), Some(450)));
    assert!(is_delivered(of(&sent, "dan@d.example")));
    assert_eq!(sent.trouble, None);
    assert_eq!(relay.mails()[0].to, ["ann@a.example", "dan@d.example"]);
}

#[tokio::test]
async fn the_outcomes_are_in_the_order_of_the_envelope() {
    let relay = TestRelay::start().await;
    relay.refuse("b@b.example", "550 no");
    let all = ["c@c.example", "b@b.example", "a@a.example"];

    let sent = send_to(&route(&relay), &all).await;

    let order: Vec<_> = sent.outcomes.into_iter().map(|(to, _)| to).collect();
    assert_eq!(order, all.map(address));
}

#[tokio::test]
async fn a_mail_that_everybody_refuses_is_not_sent() {
    let relay = TestRelay::start().await;
    relay.on(Step::Rcpt, Act::say("550 5.1.1 nobody here"));

    let sent = send_to(&route(&relay), &["a@a.example", "b@b.example"]).await;

    assert!(sent.outcomes.iter().all(|(_, outcome)| is_bounced_by(outcome, 550)));
    assert_eq!(sent.trouble, None);
    let seen = relay.seen();
    assert!(seen.commands("DATA").is_empty());
    assert_eq!(seen.commands("RSET").len(), 1, "so that the next mail finds a clean table");
}

#[tokio::test]
async fn a_relay_that_hangs_up_among_the_recipients_defers_those_it_had_not_refused() {
    let relay = TestRelay::start().await;
    relay.refuse("a@a.example", "550 no");
    relay.refuse("c@c.example", "421 4.3.2 closing");

    let sent = send_to(&route(&relay), &["a@a.example", "b@b.example", "c@c.example"]).await;

    assert!(is_bounced_by(of(&sent, "a@a.example"), 550));
    assert!(is_deferred_by(of(&sent, "b@b.example"), Some(421)));
    assert!(is_deferred_by(of(&sent, "c@c.example"), Some(421)));
}

#[tokio::test]
async fn the_relays_words_come_back_with_a_delivery() {
    let relay = TestRelay::start().await;
    relay.once(Step::End, Act::say("250-2.0.0 taken\r\n250 2.0.0 as 4711"));

    let outcome = only(send_to(&route(&relay), &["a@a.example"]).await);

    let response = "250 2.0.0 taken 2.0.0 as 4711".to_owned();
    assert_eq!(outcome, Outcome::Delivered { response });
}
