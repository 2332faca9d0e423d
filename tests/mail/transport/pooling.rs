//! Connections are kept and shared, within bounds.

use std::pin::pin;
use std::sync::Arc;

use futures_util::poll;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use selfmx::mail::transport::{Route, RouteKey, Smtp};
use tokio::task::JoinSet;

use crate::letters::{is_bounced_by, is_delivered, letter, only, route, send};
use crate::support::relay::{Act, Step, TestRelay};

#[tokio::test]
async fn mails_in_a_row_go_over_one_connection() {
    let relay = TestRelay::start().await;
    let smtp = Smtp::default();
    for _ in 0..5 {
        assert!(is_delivered(&only(send(&smtp, &route(&relay), &letter(&["a@a.example"])).await)));
    }
    assert_eq!((relay.seen().connections, relay.mails().len()), (1, 5));
}

#[tokio::test]
async fn a_connection_outlives_refusals() {
    let relay = TestRelay::start().await;
    relay.once(Step::Mail, Act::say("550 5.7.1 not you"));
    relay.once(Step::Rcpt, Act::say("550 5.1.1 not them"));
    relay.once(Step::Data, Act::say("554 5.5.1 not now"));
    relay.once(Step::End, Act::say("554 5.6.0 not this"));
    let smtp = Smtp::default();
    for step in 0..5 {
        let outcome = only(send(&smtp, &route(&relay), &letter(&["a@a.example"])).await);
        assert_eq!(is_delivered(&outcome), step == 4, "{outcome:?}");
        assert!(step == 4 || is_bounced_by(&outcome, if step < 2 { 550 } else { 554 }));
    }
    assert_eq!(relay.seen().connections, 1);
}

#[tokio::test]
async fn a_kept_connection_that_the_relay_has_closed_costs_no_attempt() {
    for act in [Act::Drop, Act::say("421 4.4.2 idle for too long")] {
        let relay = TestRelay::start().await;
        let smtp = Smtp::default();
        assert!(is_delivered(&only(send(&smtp, &route(&relay), &letter(&["a@a.example"])).await)));
        relay.once(Step::Mail, act);

        let sent = send(&smtp, &route(&relay), &letter(&["a@a.example"])).await;

        assert_eq!(sent.trouble, None);
        assert!(is_delivered(&only(sent)));
        assert_eq!((relay.seen().connections, relay.mails().len()), (2, 2));
    }
}

#[tokio::test]
async fn a_relay_that_hangs_up_after_each_mail_gets_every_mail_once() {
    let relay = TestRelay::start().await;
    relay.on(Step::End, Act::AnswerAndDrop);
    let smtp = Smtp::default();
    for _ in 0..3 {
        assert!(is_delivered(&only(send(&smtp, &route(&relay), &letter(&["a@a.example"])).await)));
    }
    assert_eq!(relay.mails().len(), 3);
}

#[tokio::test]
async fn a_pool_opens_no_more_than_its_size() {
    let relay = TestRelay::start().await;
    let smtp = Arc::new(Smtp::default());
    let mut sending = JoinSet::new();
    for _ in 0..30 {
        let (smtp, route) = (Arc::clone(&smtp), Route { pool_size: 3, ..route(&relay) });
        sending.spawn(async move { only(send(&smtp, &route, &letter(&["a@a.example"])).await) });
    }
    assert!(sending.join_all().await.iter().all(is_delivered));
    let seen = relay.seen();
    assert!(seen.most_open <= 3 && seen.connections <= 3, "{}", seen.connections);
    assert_eq!(seen.mails.len(), 30);
}

#[tokio::test]
async fn newer_settings_get_connections_of_their_own_and_the_old_ones_are_closed() {
    let relay = TestRelay::start().await;
    let smtp = Smtp::default();
    let version = |version| Route { key: RouteKey::new("acme", version), ..route(&relay) };
    send(&smtp, &version(1), &letter(&["a@a.example"])).await;
    send(&smtp, &version(2), &letter(&["a@a.example"])).await;
    let seen = relay.wait_until(|seen| seen.open == 1).await;
    assert_eq!((seen.connections, seen.mails.len()), (2, 2));
}

#[tokio::test]
async fn two_owners_share_no_connection_to_one_relay() {
    let relay = TestRelay::start().await;
    let smtp = Smtp::default();
    for who in ["acme", "zenith"] {
        let route = Route { key: RouteKey::new(who, 1), ..route(&relay) };
        send(&smtp, &route, &letter(&["a@a.example"])).await;
    }
    assert_eq!(relay.seen().connections, 2);
}

#[tokio::test]
async fn a_pace_loses_no_mail_and_keeps_to_the_pool() {
    let relay = TestRelay::start().await;
    let smtp = Arc::new(Smtp::default());
    let mut sending = JoinSet::new();
    for _ in 0..10 {
        let smtp = Arc::clone(&smtp);
        let route = Route { messages_per_second: Some(200.0), ..route(&relay) };
        sending.spawn(async move { only(send(&smtp, &route, &letter(&["a@a.example"])).await) });
    }
    assert!(sending.join_all().await.iter().all(is_delivered));
    assert!(relay.seen().most_open <= 2);
}

#[tokio::test]
async fn a_kept_connection_makes_room_for_another_relays_mail() {
    let (first, second) = (TestRelay::start().await, TestRelay::start().await);
    let smtp = Smtp::new(1);
    for relay in [&first, &second, &first] {
        assert!(is_delivered(&only(send(&smtp, &route(relay), &letter(&["a@a.example"])).await)));
    }
    first.wait_until(|seen| seen.connections == 2).await;
}

#[tokio::test]
async fn a_connection_is_not_kept_while_another_relays_mail_waits_for_its_place() {
    let (busy, other) = (TestRelay::start().await, TestRelay::start().await);
    busy.once(Step::End, Act::Wait);
    let (smtp, letter) = (Smtp::new(1), letter(&["a@a.example"]));
    let (by_busy, by_other) = (route(&busy), route(&other));
    let mut sending = pin!(send(&smtp, &by_busy, &letter));
    let mut waiting = pin!(send(&smtp, &by_other, &letter));
    let begun = busy.wait_until(|seen| !seen.commands("DATA").is_empty());
    tokio::select! {
        _ = &mut sending => unreachable!("the relay has not answered yet"),
        _ = begun => {}
    }
    assert!(poll!(&mut waiting).is_pending(), "there is no place for it");
    busy.go_on();

    assert!(is_delivered(&only(sending.await)));
    assert!(is_delivered(&only(waiting.await)));
}

#[tokio::test]
async fn one_relay_gets_no_more_than_a_quarter_of_all_connections() {
    let relay = TestRelay::start().await;
    relay.on(Step::Mail, Act::Wait);
    let smtp = Smtp::new(8);
    let route = Route { pool_size: 100, ..route(&relay) };
    let letter = letter(&["a@a.example"]);
    let sending: FuturesUnordered<_> = (0..8).map(|_| send(&smtp, &route, &letter)).collect();
    for _ in 0..8 {
        relay.go_on();
    }
    let sent: Vec<_> = sending.map(only).collect().await;
    assert!(sent.iter().all(is_delivered));
    assert!(relay.seen().most_open <= 2);
}
