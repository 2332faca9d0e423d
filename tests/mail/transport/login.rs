//! Logging in: refused at once, and never with the password in anybody's words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use selfmx::mail::transport::{Outcome, Route, Sent, Stage, probe};
use selfmx::values::Secret;

use crate::letters::{is_deferred_by, is_delivered, only, route, send_to};
use crate::support::relay::{Act, Step, TestRelay};

const PASSWORD: &str = "correct horse";

async fn locked() -> TestRelay {
    TestRelay::options().login("acme", PASSWORD).start().await
}

fn with(relay: &TestRelay, password: &str) -> Route {
    Route { login: Some(("acme".to_owned(), Secret::new(password))), ..route(relay) }
}

fn stage(sent: &Sent) -> Option<Stage> {
    sent.trouble.as_ref().map(|trouble| trouble.stage)
}

#[tokio::test]
async fn the_right_password_opens_the_door() {
    for mechanisms in ["PLAIN LOGIN", "PLAIN", "LOGIN"] {
        let options = TestRelay::options().login("acme", PASSWORD).mechanisms(mechanisms);
        let relay = options.start().await;
        let sent = send_to(&with(&relay, PASSWORD), &["a@a.example"]).await;
        assert!(is_delivered(&only(sent)), "{mechanisms}");
        assert_eq!(relay.seen().failed_logins(), 0);
    }
}

#[tokio::test]
async fn a_refused_login_is_told_and_nothing_is_sent() {
    let relay = locked().await;
    let sent = send_to(&with(&relay, "guessed"), &["a@a.example"]).await;
    assert_eq!(stage(&sent), Some(Stage::Login));
    assert_eq!(only(sent), Outcome::AuthRefused { message: "535 wrong".to_owned() });
    let seen = relay.seen();
    assert_eq!((seen.failed_logins(), seen.commands("MAIL").len()), (1, 0));
}

#[tokio::test]
async fn a_relay_that_cannot_check_the_password_now_defers() {
    let relay = locked().await;
    relay.once(Step::Auth, Act::say("454 4.7.0 try later"));
    let outcome = only(send_to(&with(&relay, PASSWORD), &["a@a.example"]).await);
    assert!(is_deferred_by(&outcome, Some(454)), "{outcome:?}");
}

#[tokio::test]
async fn a_relay_without_a_login_is_not_sent_to_when_one_is_set() {
    let relay = TestRelay::start().await;
    let sent = send_to(&with(&relay, PASSWORD), &["a@a.example"]).await;
    assert_eq!(stage(&sent), Some(Stage::Login));
    assert!(matches!(only(sent), Outcome::AuthRefused { .. }));
    assert!(relay.seen().commands("MAIL").is_empty());
}

#[tokio::test]
async fn a_relay_that_wants_a_login_where_none_is_set_has_refused_it() {
    let relay = locked().await;
    let sent = send_to(&route(&relay), &["a@a.example"]).await;
    assert!(sent.trouble.is_some());
    assert!(matches!(only(sent), Outcome::AuthRefused { .. }));
}

#[tokio::test]
async fn a_probe_says_whether_the_door_opens() {
    let relay = locked().await;
    assert_eq!(probe(&with(&relay, PASSWORD)).await, Ok(()));
    let trouble = probe(&with(&relay, "guessed")).await.unwrap_err();
    assert_eq!(trouble.stage, Stage::Login);
    assert_eq!(relay.mails(), []);
}

#[tokio::test]
async fn a_relay_that_repeats_the_password_does_not_give_it_away() {
    let plain = STANDARD.encode(format!("\0acme\0{PASSWORD}"));
    let secrets = [PASSWORD.to_owned(), STANDARD.encode(PASSWORD), plain];
    for secret in &secrets {
        for (step, code) in
            [(Step::Auth, 535), (Step::Mail, 451), (Step::Rcpt, 550), (Step::End, 250)]
        {
            let relay = locked().await;
            relay.on(step, Act::say(&format!("{code} I know {secret} now")));
            let sent = send_to(&with(&relay, PASSWORD), &["a@a.example"]).await;
            let told = format!("{sent:?} {:?}", probe(&with(&relay, PASSWORD)).await);
            assert!(told.contains("I know [hidden]"), "{told}");
            assert!(
                secrets.iter().all(|secret| !told.contains(secret.trim_end_matches('='))),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_is_refused_at_whichever_step_the_relay_says_so() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::End] {
        let relay = TestRelay::start().await;
        relay.on(step, Act::say("530 5.7.0 log in first"));
        let sent = send_to(&route(&relay), &["a@a.example"]).await;
        assert!(sent.trouble.is_some(), "{step:?}: the relay is not well");
        assert!(matches!(only(sent), Outcome::AuthRefused { .. }), "{step:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_does_not_open_the_door() {
    let relay = locked().await;
    relay.on(Step::Auth, Act::say("354 go on"));
    let sent = send_to(&with(&relay, PASSWORD), &["a@a.example"]).await;
    assert_eq!(stage(&sent), Some(Stage::Login));
    assert!(is_deferred_by(&only(sent), None));
}
