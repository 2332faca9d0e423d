//! Senders who do not give up: each asks again under the same key until a mail is accepted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;

use super::scene::{NOBODY, Scene};
use crate::rig::{Answer, Tenant, until};

const SENDERS: usize = 4;

/// A node that has not answered by then is asked no more; what was asked may yet be done.
const PATIENCE: Duration = Duration::from_secs(3);

/// An email that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) id: String,
    /// Whether the relay will take it.
    pub(super) welcome: bool,
}

pub(super) struct Load {
    doors: Rc<RefCell<[Tenant; 2]>>,
    seed: u64,
    sent: RefCell<Vec<Sent>>,
    asked: Cell<usize>,
    replayed: Cell<usize>,
    enough: Cell<bool>,
}

impl Load {
    pub(super) fn on(scene: &Scene, seed: u64) -> Self {
        Self {
            doors: Rc::clone(&scene.doors),
            seed,
            sent: RefCell::default(),
            asked: Cell::default(),
            replayed: Cell::default(),
            enough: Cell::default(),
        }
    }

    /// Sends until it is enough.
    pub(super) async fn runs(&self) {
        join_all((0..SENDERS).map(|sender| self.sends(sender))).await;
    }

    pub(super) fn is_enough(&self) {
        self.enough.set(true);
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    pub(super) fn so_far(&self) -> usize {
        self.sent.borrow().len()
    }

    /// How often was asked, and how often an answer was given again.
    pub(super) fn asked_and_replayed(&self) -> (usize, usize) {
        (self.asked.get(), self.replayed.get())
    }

    pub(super) async fn until_more_are_accepted(&self) {
        let before = self.so_far();
        until("more is accepted", async || self.so_far() > before + 20).await;
    }

    async fn sends(&self, sender: usize) {
        let mut pace = tokio::time::interval(Duration::from_millis(25));
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut number = sender;
        while !self.enough.get() {
            let welcome = !number.is_multiple_of(9);
            let key = format!("{}-{sender}-{number}", self.seed);
            let mut door = number % 2;
            let id = loop {
                pace.tick().await;
                if let Some(id) = self.asks(door, &key, welcome).await {
                    break id;
                }
                door = 1 - door;
            };
            // Whoever has not heard the answer asks again, elsewhere: it is the same.
            if number.is_multiple_of(5)
                && let Some(again) = self.asks(1 - door, &key, welcome).await
            {
                assert_eq!(again, id, "the answer under {key}");
            }
            self.sent.borrow_mut().push(Sent { id, welcome });
            number += 1;
        }
    }

    /// The id of the mail if it is accepted there; none if it is to be asked for again.
    async fn asks(&self, door: usize, key: &str, welcome: bool) -> Option<String> {
        let (caller, email) = {
            let tenant = &self.doors.borrow()[door];
            let to = if welcome { "ann@example.org" } else { NOBODY };
            (tenant.caller.clone(), tenant.email_to(key, &[to]))
        };
        self.asked.set(self.asked.get() + 1);
        let asked = caller.try_post_once("/v1/send", &email, key);
        let answer = tokio::time::timeout(PATIENCE, asked).await.ok()??;
        self.heard(&answer)
    }

    fn heard(&self, answer: &Answer) -> Option<String> {
        match answer.status {
            202 => {
                let again = usize::from(answer.header("idempotent-replayed").is_some());
                self.replayed.set(self.replayed.get() + again);
                Some(answer.text_at("/id"))
            }
            503 => {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text);
                assert!(answer.body.pointer("/error/code").is_some_and(Value::is_string));
                None
            }
            status => panic!("{status}: {}", answer.text),
        }
    }
}
