//! The transport that speaks SMTP.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use super::discretion::Discretion;
use super::failure::{Ambiguity, Failure, Fault};
use super::outcome::{Sent, Stage};
use super::patience::Patience;
use super::pool::{Open, Pool, Pools};
use super::route::Route;
use super::session::{Ended, deliver};
use super::{Envelope, Still, Transport, connect};
use crate::mail::compose::Message;

/// So many connections are open at most, to all relays together.
const CONNECTIONS: usize = 512;

/// What is to be sent, as long as it may go.
#[derive(Clone, Copy)]
struct Mail<'a> {
    envelope: &'a Envelope,
    message: &'a Message,
    still: Still<'a>,
}

/// Sends by SMTP over pooled connections. Clones share them.
#[derive(Clone, Debug)]
pub struct Smtp {
    pools: Arc<Pools>,
}

impl Default for Smtp {
    fn default() -> Self {
        Self::new(CONNECTIONS)
    }
}

impl Smtp {
    /// With so many connections at most, to all relays together; one relay gets a quarter of them.
    pub fn new(connections: usize) -> Self {
        Self { pools: Arc::new(Pools::new(connections)) }
    }

    /// Closes connections that nobody needs.
    pub fn tidy(&self) {
        self.pools.tidy();
    }

    async fn attempt(&self, pool: &Pool, route: &Route, mail: Mail<'_>) -> Result<Ended, Failure> {
        let Mail { envelope, message, still } = mail;
        // We may have waited long for our turn.
        if !still() {
            return Err(Failure { stage: Stage::Connect, fault: Fault::called_off() });
        }
        let patience = Patience::new(route.timeout, message.bytes.len());
        if let Some(mut open) = pool.take() {
            let ended = deliver(&mut open.smtp, envelope, message, &patience, still).await;
            if !went_stale(&ended) {
                return Ok(self.kept(pool, open, ended));
            }
        }
        let stopping = || Failure { stage: Stage::Connect, fault: Fault::lost("stopping") };
        let place = self.pools.place().await.ok_or_else(stopping)?;
        // The relay's time begins here: that we had to wait for a place is not its fault.
        let patience = Patience::new(route.timeout, message.bytes.len());
        let mut open = Open::new(connect::connect(route, &patience).await?, place);
        let ended = deliver(&mut open.smtp, envelope, message, &patience, still).await;
        Ok(self.kept(pool, open, ended))
    }

    fn kept(&self, pool: &Pool, open: Open, ended: Ended) -> Ended {
        if ended.reusable {
            self.pools.keep(pool, open);
        }
        ended
    }
}

/// The relay had closed a kept connection meanwhile: that says nothing about the mail.
fn went_stale(ended: &Ended) -> bool {
    ended
        .failure
        .as_ref()
        .is_some_and(|failure| failure.stage == Stage::Mail && failure.fault.ends_the_connection())
}

#[async_trait]
impl Transport for Smtp {
    async fn send(&self, route: &Route, envelope: &Envelope, message: &Message) -> Sent {
        self.send_while(route, envelope, message, &|| true).await
    }
}

impl Smtp {
    /// The same, but gives up as soon as `still` says no: before it connects, and at last before the
    /// mail itself goes out. Nothing has arrived then.
    pub async fn send_while(
        &self,
        route: &Route,
        envelope: &Envelope,
        message: &Message,
        still: Still<'_>,
    ) -> Sent {
        let pool = self.pools.of(route);
        let _slot = pool.turn().await;
        let begun = Instant::now();
        let (outcomes, failure) =
            match self.attempt(&pool, route, Mail { envelope, message, still }).await {
                Ok(ended) => (ended.outcomes, ended.failure),
                Err(failure) => {
                    let outcome = failure.fault.outcome(Ambiguity::None);
                    let all = envelope.to.iter().map(|to| (to.clone(), outcome.clone()));
                    (all.collect(), Some(failure))
                }
            };
        metrics::histogram!("selfmx_smtp_send_duration").record(begun.elapsed().as_secs_f64());
        if let Some(failure) = &failure {
            let stage = failure.stage.as_str();
            metrics::counter!("selfmx_smtp_errors_total", "stage" => stage).increment(1);
        }
        let trouble = failure.map(|failure| failure.trouble());
        Discretion::of(route).sent(Sent { outcomes, trouble })
    }
}
