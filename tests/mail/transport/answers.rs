//! What a relay's "later", "never" and "goodbye" mean at each step.

use selfmx::mail::transport::{Outcome, Sent, Stage};

use crate::letters::{is_ambiguous, is_bounced_by, is_deferred_by, is_delivered, route, send_to};
use crate::support::relay::{Act, Step, TestRelay};

const TWO: [&str; 2] = ["a@a.example", "b@b.example"];

async fn answered(step: Step, act: Act) -> (TestRelay, Sent) {
    let relay = TestRelay::start().await;
    relay.once(step, act);
    let sent = send_to(&route(&relay), &TWO).await;
    (relay, sent)
}

fn all(sent: &Sent, is: impl Fn(&Outcome) -> bool) -> bool {
    sent.outcomes.len() == TWO.len() && sent.outcomes.iter().all(|(_, outcome)| is(outcome))
}

#[tokio::test]
async fn later_at_any_step_defers() {
    for step in [Step::Mail, Step::Data, Step::End] {
        for (code, answer) in [(451, "451 4.3.0 later"), (421, "421 4.3.2 closing")] {
            let (relay, sent) = answered(step, Act::say(answer)).await;
            assert!(all(&sent, |one| is_deferred_by(one, Some(code))), "{step:?} {sent:?}");
            assert!(sent.trouble.is_some());
            assert_eq!(relay.mails(), []);
        }
    }
}

#[tokio::test]
async fn never_at_any_step_bounces_everybody() {
    for step in [Step::Mail, Step::Data, Step::End] {
        let (relay, sent) = answered(step, Act::say("552 5.3.4 too large")).await;
        assert!(all(&sent, |one| is_bounced_by(one, 552)), "{step:?} {sent:?}");
        assert_eq!(relay.mails(), []);
    }
}

#[tokio::test]
async fn a_relay_that_says_later_has_the_mail_once_it_says_yes() {
    let relay = TestRelay::start().await;
    relay.times(2, Step::End, Act::say("451 4.3.0 later"));
    for _ in 0..2 {
        let sent = send_to(&route(&relay), &TWO).await;
        assert!(all(&sent, |one| is_deferred_by(one, Some(451))));
    }
    assert!(all(&send_to(&route(&relay), &TWO).await, is_delivered));
    assert_eq!(relay.wait_for_mails(1).await.len(), 1);
}

#[tokio::test]
async fn a_never_before_the_mail_is_named_is_not_about_the_mail() {
    for step in [Step::Greeting, Step::Ehlo] {
        let (_relay, sent) = answered(step, Act::say("554 5.3.2 no service today")).await;
        assert!(all(&sent, |one| is_deferred_by(one, None)), "{step:?} {sent:?}");
        assert_eq!(sent.trouble.map(|trouble| trouble.stage), Some(Stage::Greeting));
    }
}

#[tokio::test]
async fn hanging_up_before_the_final_dot_defers_without_doubt() {
    for step in [Step::Greeting, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data] {
        let (_relay, sent) = answered(step, Act::Drop).await;
        assert!(all(&sent, |one| is_deferred_by(one, None)), "{step:?} {sent:?}");
    }
}

#[tokio::test]
async fn hanging_up_after_the_final_dot_leaves_a_doubt() {
    for act in [Act::Drop, Act::TakeAndDrop] {
        let (_relay, sent) = answered(Step::End, act).await;
        assert!(all(&sent, is_ambiguous), "{sent:?}");
        assert_eq!(sent.trouble.map(|trouble| trouble.stage), Some(Stage::End));
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_not_taken_for_a_yes() {
    for (step, answer) in [
        (Step::Mail, "354 go on"),
        (Step::Rcpt, "354 go on"),
        (Step::Data, "250 ok"),
        (Step::End, "354 go on"),
    ] {
        let (_relay, sent) = answered(step, Act::say(answer)).await;
        assert!(!all(&sent, is_delivered), "{step:?} {sent:?}");
        assert!(!sent.outcomes.iter().any(|(_, one)| matches!(one, Outcome::Bounced { .. })));
    }
}

#[tokio::test]
async fn a_relay_that_speaks_no_smtp_defers() {
    for step in [Step::Greeting, Step::Ehlo, Step::Mail, Step::Data] {
        let (_relay, sent) = answered(step, Act::say("HTTP/1.1 400 Bad Request")).await;
        assert!(all(&sent, |one| is_deferred_by(one, None)), "{step:?} {sent:?}");
    }
}
