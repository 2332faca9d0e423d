//! Relays that never answer are given up, and keep nobody else waiting.

use std::sync::Arc;

use selfmx::mail::transport::{Smtp, Stage};
use tokio::task::JoinSet;

use crate::letters::{
    impatient, is_ambiguous, is_deferred_by, is_delivered, letter, only, route, send, send_to,
};
use crate::support::relay::{Act, Step, TestRelay};

#[tokio::test]
async fn silence_before_the_final_dot_defers() {
    for step in [Step::Greeting, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data] {
        let relay = TestRelay::start().await;
        relay.on(step, Act::Stall);
        let outcome = only(send_to(&impatient(&relay), &["a@a.example"]).await);
        assert!(is_deferred_by(&outcome, None), "{step:?} {outcome:?}");
        assert_eq!(relay.mails(), []);
    }
}

#[tokio::test]
async fn silence_after_the_final_dot_leaves_a_doubt() {
    for act in [Act::Stall, Act::TakeAndStall] {
        let relay = TestRelay::start().await;
        relay.on(Step::End, act);
        let sent = send_to(&impatient(&relay), &["a@a.example"]).await;
        assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::End));
        assert!(is_ambiguous(&only(sent)));
    }
}

#[tokio::test]
async fn a_connection_that_was_given_up_is_closed() {
    let relay = TestRelay::start().await;
    relay.once(Step::Mail, Act::Stall);
    let smtp = Smtp::default();
    send(&smtp, &impatient(&relay), &letter(&["a@a.example"])).await;
    relay.wait_until(|seen| seen.connections == 1 && seen.open == 0).await;
}

#[tokio::test]
async fn a_relay_that_hangs_does_not_keep_another_ones_mail() {
    let (hanging, well) = (TestRelay::start().await, TestRelay::start().await);
    hanging.on(Step::Data, Act::Stall);
    let smtp = Arc::new(Smtp::default());
    let mut stuck = JoinSet::new();
    for _ in 0..20 {
        let (smtp, route) = (Arc::clone(&smtp), route(&hanging));
        stuck.spawn(async move { send(&smtp, &route, &letter(&["a@a.example"])).await });
    }
    hanging.wait_until(|seen| seen.commands("DATA").len() == 2).await;

    let sent = send(&smtp, &route(&well), &letter(&["b@b.example"])).await;

    assert!(is_delivered(&only(sent)));
    assert_eq!(hanging.seen().most_open, 2, "no more than the pool allows");
}

#[tokio::test]
async fn an_attempt_that_is_called_off_closes_its_connection() {
    let relay = TestRelay::start().await;
    relay.on(Step::Mail, Act::Stall);
    let mut attempt = JoinSet::new();
    let route = route(&relay);
    attempt.spawn(async move { send_to(&route, &["a@a.example"]).await });
    relay.wait_until(|seen| seen.commands("MAIL").len() == 1).await;
    attempt.abort_all();
    relay.wait_until(|seen| seen.open == 0).await;
}
