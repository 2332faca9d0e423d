//! What goes over the wire is kept from other eyes, by the right relay, or does not go at all.

use selfmx::mail::transport::{Outcome, Route, Stage, probe};
use selfmx::values::RelayTls;

use crate::letters::{is_deferred_by, is_delivered, only, route, send_to};
use crate::support::relay::{Act, Step, TestRelay};

fn by(relay: &TestRelay, tls: RelayTls) -> Route {
    Route { tls, ..route(relay) }
}

fn unchecked(relay: &TestRelay, tls: RelayTls) -> Route {
    Route { tls_verify: false, ..by(relay, tls) }
}

#[tokio::test]
async fn each_way_works_where_the_relay_knows_it() {
    let start = TestRelay::options().starttls().start().await;
    let implicit = TestRelay::options().implicit_tls().start().await;
    let clear = TestRelay::start().await;
    for (relay, tls) in
        [(&start, RelayTls::StartTls), (&implicit, RelayTls::Implicit), (&clear, RelayTls::None)]
    {
        let sent = send_to(&unchecked(relay, tls), &["a@a.example"]).await;
        assert!(is_delivered(&only(sent)), "{tls}");
        assert_eq!(relay.mails().len(), 1);
    }
    assert_eq!(start.seen().commands("STARTTLS").len(), 1);
    assert_eq!(start.seen().commands("EHLO").len(), 2, "the first answer was not to be trusted");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let start = TestRelay::options().starttls().start().await;
    let implicit = TestRelay::options().implicit_tls().start().await;
    for (relay, tls) in [(&start, RelayTls::StartTls), (&implicit, RelayTls::Implicit)] {
        let sent = send_to(&by(relay, tls), &["a@a.example"]).await;
        assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Tls), "{tls}");
        assert!(is_deferred_by(&only(sent), None));
        assert!(relay.seen().commands("MAIL").is_empty());
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_in_clear() {
    let relay = TestRelay::options().login("acme", "hunter22").start().await;
    let sent = send_to(&by(&relay, RelayTls::StartTls), &["a@a.example"]).await;
    assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Tls));
    assert!(is_deferred_by(&only(sent), None));
    let seen = relay.seen();
    assert!(seen.commands("MAIL").is_empty() && seen.logins.is_empty());
}

#[tokio::test]
async fn a_relay_that_will_not_start_tls_is_not_sent_to() {
    for act in [Act::say("454 4.7.0 not now"), Act::say("554 5.7.0 never"), Act::Drop] {
        let relay = TestRelay::options().starttls().start().await;
        relay.on(Step::StartTls, act);
        let sent = send_to(&unchecked(&relay, RelayTls::StartTls), &["a@a.example"]).await;
        assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Tls));
        assert!(matches!(only(sent), Outcome::Deferred { .. }));
        assert!(relay.seen().commands("MAIL").is_empty());
    }
}

#[tokio::test]
async fn a_relay_in_our_own_network_is_not_connected_to_unless_allowed() {
    let relay = TestRelay::start().await;
    let closed = Route { allow_private: false, ..route(&relay) };
    let sent = send_to(&closed, &["a@a.example"]).await;
    assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Connect));
    assert!(matches!(only(sent), Outcome::Misconfigured { .. }));
    assert!(probe(&closed).await.is_err());
    assert_eq!(relay.seen().connections, 0);
}

#[tokio::test]
async fn a_port_on_which_nobody_listens_defers() {
    let relay = TestRelay::start().await;
    let route = route(&relay);
    drop(relay);
    let sent = send_to(&route, &["a@a.example"]).await;
    assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Connect));
    assert!(is_deferred_by(&only(sent), None));
}

#[tokio::test]
async fn what_is_slipped_in_before_tls_is_not_read_as_if_it_came_by_tls() {
    let relay = TestRelay::options().starttls().start().await;
    relay.on(Step::StartTls, Act::say("220 go on\r\n250 AUTH PLAIN"));
    let sent = send_to(&unchecked(&relay, RelayTls::StartTls), &["a@a.example"]).await;
    assert_eq!(sent.trouble.as_ref().map(|trouble| trouble.stage), Some(Stage::Tls));
    assert!(is_deferred_by(&only(sent), None));
}
