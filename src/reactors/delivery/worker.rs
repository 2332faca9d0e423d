//! Takes what is due, fairly between tenants, and keeps its leases alive.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Delivery;
use super::departure::Passenger;
use super::flights::{Flight, Flights, Hold};
use crate::projections::send_queue::{self, Claimed, Wanted};
use crate::tasks::Tasks;

/// Mail that falls due by itself is found so late at most.
const POLL: Duration = Duration::from_secs(1);

/// Room for more mail is filled so late at most.
const GATHERING: Duration = Duration::from_millis(20);

/// What is on the wire when we are asked to stop gets so long to end.
const STOPPING: Duration = Duration::from_secs(4);

type Ended = (String, Uuid);

pub(super) struct Worker {
    delivery: Arc<Delivery>,
    tasks: Tasks,
    flights: Flights,
    /// The tenant that was served last: the next round begins after it.
    after: String,
    /// How many tenants were served in the last round.
    tenants: usize,
    ended: mpsc::Receiver<Ended>,
    end: mpsc::Sender<Ended>,
}

impl Worker {
    pub(super) fn new(delivery: Arc<Delivery>, tasks: Tasks) -> Self {
        let (end, ended) = mpsc::channel(delivery.workers.max(1));
        let (flights, tenants) = (Flights::new(delivery.workers), delivery.workers);
        Self { delivery, tasks, flights, after: String::new(), tenants, ended, end }
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
            self.gather().await;
        }
        self.land().await;
    }

    /// A claim costs the same for one mail as for many: some more may end first, if they do so soon.
    async fn gather(&mut self) {
        let until = Instant::now() + GATHERING;
        let enough = self.delivery.workers.div_ceil(4);
        loop {
            while let Ok((email, lease)) = self.ended.try_recv() {
                self.flights.end(&email, lease, Instant::now());
            }
            if self.delivery.workers - self.flights.len() >= enough {
                return;
            }
            let Ok(Some((email, lease))) = timeout_at(until, self.ended.recv()).await else {
                return;
            };
            self.flights.end(&email, lease, Instant::now());
        }
    }

    /// Takes mail while there is room; says whether all room is taken.
    async fn fill(&mut self) -> bool {
        // As many of each as there is room for, if it is those of the last round again.
        let room = self.delivery.workers.saturating_sub(self.flights.len());
        let mut per_tenant = (room / self.tenants.max(1)).max(1);
        while self.flights.len() < self.delivery.workers {
            match self.claim(per_tenant).await {
                Ok(0) => return false,
                // As many of each tenant first; then more of those that have more.
                Ok(_) => per_tenant = per_tenant.saturating_mul(2),
                Err(error) => {
                    tracing::warn!(%error, "the send queue cannot be read");
                    return false;
                }
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
        self.after = last_served(&claimed, &self.after);
        self.tenants = claimed.iter().map(|one| &one.tenant_id).collect::<HashSet<_>>().len();
        let mails = claimed.into_iter().map(|one| self.boarded(one, lease, surely)).collect();
        let (ends, tasks) = (self.end.clone(), self.tasks.clone());
        self.tasks.spawn("departure", delivery.depart(mails, ends, tasks));
        Ok(taken)
    }

    fn boarded(&mut self, claimed: Claimed, lease: Uuid, surely: Instant) -> Passenger {
        let (hold, called_off) = (Hold::until(surely), CancellationToken::new());
        let (tenant, since, called) =
            (claimed.tenant_id.clone(), Instant::now(), called_off.clone());
        let flight = Flight { tenant, lease, since, hold: hold.clone(), called_off: called };
        self.flights.add(&claimed.email_id, flight);
        Passenger { claimed, lease, hold, called_off }
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

/// Whom a round that began after a tenant came to last: it goes up to the end of the ids, then on from their
/// beginning.
fn last_served(claimed: &[Claimed], after: &str) -> String {
    let tenants = || claimed.iter().map(|one| one.tenant_id.as_str());
    let last = tenants().filter(|tenant| *tenant <= after).max().or(tenants().max());
    last.unwrap_or(after).to_owned()
}
