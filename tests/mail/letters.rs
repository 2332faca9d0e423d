//! Letters to write and ways to send them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::time::Duration;

use selfmx::mail::transport::{Envelope, Outcome, Route, RouteKey, Sent, Smtp, Transport as _};
use selfmx::mail::{Letter, Message, compose};
use selfmx::values::{
    Address, EmailId, ExtraHeaders, HostName, Mailbox, Recipients, RelayTls, Subject, Timestamp,
};

use crate::support::relay::TestRelay;

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

/// A plain letter to these.
pub(crate) fn letter(to: &[&str]) -> Letter {
    let date: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
    let to = to.iter().map(|to| mailbox(to)).collect();
    Letter {
        id: EmailId::at(date),
        from: mailbox("Ann <ann@acme.example>"),
        recipients: Recipients::new(to, Vec::new(), Vec::new()).unwrap(),
        reply_to: None,
        subject: Subject::new("Hello").unwrap(),
        html: None,
        text: Some("Hello, world\n".to_owned()),
        headers: ExtraHeaders::default(),
        attachments: Vec::new(),
        date,
    }
}

pub(crate) fn envelope(letter: &Letter) -> Envelope {
    let to = letter.recipients.all().map(|(_, mailbox)| mailbox.address.clone()).collect();
    Envelope { from: letter.from.address.clone(), to }
}

pub(crate) fn written(letter: &Letter) -> Message {
    compose(letter).unwrap()
}

/// The way to a relay in clear.
pub(crate) fn route(relay: &TestRelay) -> Route {
    Route {
        host: HostName::relay_host("127.0.0.1").unwrap(),
        port: relay.port(),
        tls: RelayTls::None,
        login: None,
        pool_size: 2,
        messages_per_second: None,
        tls_verify: true,
        allow_private: true,
        timeout: Duration::from_secs(20),
        key: RouteKey::new(relay.port().to_string(), 1),
    }
}

/// The way to a relay that does not answer: nobody should have to wait for the test.
pub(crate) fn impatient(relay: &TestRelay) -> Route {
    Route { timeout: Duration::from_millis(200), ..route(relay) }
}

pub(crate) async fn send(smtp: &Smtp, route: &Route, letter: &Letter) -> Sent {
    smtp.send(route, &envelope(letter), &written(letter)).await
}

/// Sends a plain letter to these over connections of its own.
pub(crate) async fn send_to(route: &Route, to: &[&str]) -> Sent {
    send(&Smtp::default(), route, &letter(to)).await
}

/// The outcome for the only recipient.
pub(crate) fn only(sent: Sent) -> Outcome {
    let [(_, outcome)] = <[_; 1]>::try_from(sent.outcomes).unwrap();
    outcome
}

/// What became of it for one of them.
pub(crate) fn of<'a>(sent: &'a Sent, to: &str) -> &'a Outcome {
    let to = address(to);
    &sent.outcomes.iter().find(|(address, _)| *address == to).unwrap().1
}

pub(crate) fn is_delivered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Delivered { .. })
}

/// Deferred, with this code, and not because the answer was lost.
pub(crate) fn is_deferred_by(outcome: &Outcome, by: Option<u16>) -> bool {
    matches!(outcome, Outcome::Deferred { code, ambiguous: false, .. } if *code == by)
}

pub(crate) fn is_ambiguous(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred { code: None, ambiguous: true, .. })
}

pub(crate) fn is_bounced_by(outcome: &Outcome, by: u16) -> bool {
    matches!(outcome, Outcome::Bounced { code, .. } if *code == by)
}
