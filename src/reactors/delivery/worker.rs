//! Takes what is due, fairly between tenants, and keeps its leases alive.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Delivery;
use super::flights::{Flight, Flights, Hold};
use crate::projections::send_queue::{self, Claimed, Wanted};
use crate::tasks::Tasks;

/// Mail that falls due by itself is found so late at most.
const POLL: Duration = Duration::from_secs(1);

/// What is on the wire when we are asked to stop gets so long to end.
const STOPPING: Duration = Duration::from_secs(4);

type Ended = (String, Uuid);

pub(super) struct Worker {
    delivery: Arc<Delivery>,
    tasks: Tasks,
    flights: Flights,
    /// The tenant that was served last: the next round begins after it.
    after: String,
    ended: mpsc::Receiver<Ended>,
    end: mpsc::Sender<Ended>,
}

impl Worker {
    pub(super) fn new(delivery: Arc<Delivery>, tasks: Tasks) -> Self {
        let (end, ended) = mpsc::channel(delivery.workers.max(1));
        let (flights, after) = (Flights::new(delivery.workers), String::new());
        Self { delivery, tasks, flights, after, ended, end }
    }

    pub(super) async fn run(mut self) {
        let stopping = self.tasks.stopping();
        let mut head = self.delivery.commands.store().head();
        let mut heartbeat = interval(self.delivery.lease / 4);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stopping.is_cancelled() {
            let took = self.fill().await;
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                _ = heartbeat.tick() => self.keep_leases().await,
                Some((email, lease)) = self.ended.recv() => self.flights.end(&email, lease, Instant::now()),
                _ = head.changed(), if !took => {}
                () = sleep(POLL) => {}
            }
            while let Ok((email, lease)) = self.ended.try_recv() {
                self.flights.end(&email, lease, Instant::now());
            }
        }
        self.land().await;
    }

    /// Takes mail while there is room; says whether all room is taken.
    async fn fill(&mut self) -> bool {
        let mut per_tenant = 1;
        let mut wrapped = self.after.is_empty();
        while self.flights.len() < self.delivery.workers {
            let taken = match self.claim(per_tenant).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "the send queue cannot be read");
                    return false;
                }
            };
            if taken == 0 {
                if wrapped {
                    return false;
                }
                self.after.clear();
                wrapped = true;
            } else {
                // One of each tenant first; then more of those that are left.
                per_tenant = per_tenant.saturating_mul(2);
            }
        }
        true
    }

    async fn claim(&mut self, per_tenant: usize) -> sqlx::Result<usize> {
        let delivery = Arc::clone(&self.delivery);
        let room = delivery.workers - self.flights.len();
        // Nobody may get beyond its allowance within one round either.
        let left = self.flights.left();
        // Before the queue's clock is looked at: we must not think that it is ours for longer than it is.
        let surely = Instant::now() + delivery.lease;
        let now = delivery.clock.now();
        let lease = Uuid::new_v4();
        let wanted = Wanted {
            lease,
            now,
            until: now.plus(delivery.lease),
            after: &self.after,
            sated: &self.flights.sated(),
            flying: &self.flights.emails_and_leases().0,
            per_tenant: i64::try_from(per_tenant.min(left)).unwrap_or(1),
            most: i64::try_from(room).unwrap_or(1),
        };
        let claimed = send_queue::claim(&delivery.pool, &wanted).await?;
        let taken = claimed.len();
        for one in claimed {
            if one.tenant_id > self.after {
                self.after.clone_from(&one.tenant_id);
            }
            self.take_off(one, lease, Hold::until(surely));
        }
        Ok(taken)
    }

    fn take_off(&mut self, claimed: Claimed, lease: Uuid, hold: Hold) {
        let called_off = CancellationToken::new();
        let (tenant, since) = (claimed.tenant_id.clone(), Instant::now());
        let called = called_off.clone();
        let flight = Flight { tenant, lease, since, hold: hold.clone(), called_off: called };
        self.flights.add(&claimed.email_id, flight);
        let (delivery, end) = (Arc::clone(&self.delivery), self.end.clone());
        self.tasks.spawn("attempt", async move {
            tokio::select! {
                () = delivery.attempt(&claimed, lease, &hold) => {}
                () = called_off.cancelled() => {}
            }
            // The worker may have gone before us when all is stopping.
            let _ = end.send((claimed.email_id, lease)).await;
        });
    }

    async fn keep_leases(&mut self) {
        self.delivery.smtp.tidy();
        let (emails, leases) = self.flights.emails_and_leases();
        if emails.is_empty() {
            return;
        }
        let surely = Instant::now() + self.delivery.lease;
        let until = self.delivery.clock.now().plus(self.delivery.lease);
        match send_queue::extend(&self.delivery.pool, &emails, &leases, until).await {
            // What has ended meanwhile is not in the queue any more: its flight is about to end too.
            Ok(ours) => {
                while let Ok((email, lease)) = self.ended.try_recv() {
                    self.flights.end(&email, lease, Instant::now());
                }
                self.flights.keep_only(&ours, surely);
            }
            Err(error) => tracing::warn!(%error, "leases cannot be extended"),
        }
    }

    /// Finishes what is on the wire, within bounds; the rest is given back.
    async fn land(mut self) {
        let until = Instant::now() + STOPPING;
        while self.flights.len() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(Some((email, lease))) = timeout(left, self.ended.recv()).await else { break };
            self.flights.end(&email, lease, Instant::now());
        }
        self.flights.call_all_off();
        let (emails, leases) = self.flights.emails_and_leases();
        if emails.is_empty() {
            return;
        }
        if let Err(error) = send_queue::give_back(&self.delivery.pool, &emails, &leases).await {
            tracing::warn!(%error, "leases cannot be given back; they run out by themselves");
        }
    }
}
