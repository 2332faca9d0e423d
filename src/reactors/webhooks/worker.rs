//! Takes notices that are due, and keeps what came of them, both many at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Webhooks;
use super::flights::Flights;
use super::told::{Told, later};
use crate::commands::context::Context;
use crate::commands::webhook::DisableWebhook;
use crate::commands::webhook::disable_webhook::PATIENCE;
use crate::events::Stream;
use crate::projections::webhook_deliveries::{self as deliveries, Claimed, Verdict, Wanted};
use crate::projections::webhooks::{self, Failing};
use crate::tasks::Tasks;
use crate::telemetry::chain;

/// What falls due is found so late at most.
const POLL: Duration = Duration::from_millis(250);

/// Recording costs the same for one as for many: what has begun just now may end first, if it does so soon.
const GATHERING: Duration = Duration::from_millis(10);

/// What is on its way when we are asked to stop gets so long to end.
const STOPPING: Duration = Duration::from_secs(3);

pub(super) struct Worker {
    webhooks: Arc<Webhooks>,
    tasks: Tasks,
    flights: Flights,
    /// The webhook that was served last: the next round begins after it.
    after: String,
    /// What has ended and is not kept yet.
    told: Vec<Told>,
    ended: mpsc::Receiver<Told>,
    end: mpsc::Sender<Told>,
}

impl Worker {
    pub(super) fn new(webhooks: Webhooks, tasks: Tasks) -> Self {
        let workers = webhooks.workers.max(1);
        let (end, ended) = mpsc::channel(workers);
        let (flights, told) = (Flights::new(workers), Vec::new());
        let webhooks = Arc::new(webhooks);
        Self { webhooks, tasks, flights, after: String::new(), told, ended, end }
    }

    pub(super) async fn run(mut self) {
        let stopping = self.tasks.stopping();
        while !stopping.is_cancelled() {
            match self.round(&stopping).await {
                // There may be more, and there is room.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "webhooks wait for the database"),
            }
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                Some(told) = self.ended.recv() => self.landed(told),
                () = sleep(POLL) => {}
            }
            self.gather().await;
        }
        self.land().await;
    }

    async fn gather(&mut self) {
        let until = Instant::now() + GATHERING;
        while !self.told.is_empty() && self.flights.any_young(GATHERING) {
            let Ok(Some(told)) = timeout_at(until, self.ended.recv()).await else { return };
            self.landed(told);
        }
    }

    fn landed(&mut self, told: Told) {
        self.flights.land(&told.outcome.id);
        self.told.push(told);
    }

    /// Keeps what came of those that have ended, and takes what is due; says whether it took anything.
    async fn round(&mut self, stopping: &CancellationToken) -> sqlx::Result<bool> {
        self.keep().await?;
        let room = self.webhooks.workers.saturating_sub(self.flights.len());
        if room == 0 || stopping.is_cancelled() {
            return Ok(false);
        }
        let lease = Uuid::new_v4();
        let claimed = self.claim(lease, room).await?;
        if claimed.is_empty() && self.flights.len() == 0 {
            self.flights.rest();
        }
        let took = !claimed.is_empty();
        if let Some(last) = last_served(&claimed, &self.after) {
            self.after = last;
        }
        for one in &claimed {
            self.flights.begin(&one.id, &one.webhook_id, lease);
        }
        let (webhooks, end, tasks) =
            (Arc::clone(&self.webhooks), self.end.clone(), self.tasks.clone());
        if took {
            self.tasks.spawn("notices", depart(webhooks, claimed, lease, (end, tasks)));
        }
        Ok(took)
    }

    async fn claim(&self, lease: Uuid, room: usize) -> sqlx::Result<Vec<Claimed>> {
        let now = self.webhooks.clock.now();
        let (known, rooms) = self.flights.rooms();
        let wanted = Wanted {
            lease,
            now,
            until: now.plus(self.webhooks.lease),
            after: &self.after,
            rooms: (&known, &rooms),
            room: self.flights.first(),
            flying: &self.flights.notices(),
            most: i64::try_from(room).unwrap_or(1),
        };
        deliveries::claim(&self.webhooks.pool, &wanted).await
    }

    /// If the database is gone, they are kept in mind until it is back, or until their leases run out.
    async fn keep(&mut self) -> sqlx::Result<()> {
        while let Ok(told) = self.ended.try_recv() {
            self.landed(told);
        }
        if self.told.is_empty() {
            return Ok(());
        }
        let outcomes: Vec<_> = self.told.iter().map(|told| told.outcome.clone()).collect();
        deliveries::record(&self.webhooks.pool, &outcomes).await?;
        let told = std::mem::take(&mut self.told);
        for one in &told {
            measure(one);
            self.flights.end(&one.outcome.id, one.took);
        }
        for failing in self.noted(&told).await? {
            self.disable(failing).await;
        }
        Ok(())
    }

    /// Notes where something arrived; where nothing has for long is the answer.
    async fn noted(&self, told: &[Told]) -> sqlx::Result<Vec<Failing>> {
        let arrived = |told: &&Told| told.outcome.verdict == Verdict::Delivered;
        let name = |told: &Told| told.webhook.clone();
        let well: BTreeSet<String> = told.iter().filter(arrived).map(name).collect();
        let asked = told.iter().filter(|told| told.took.is_some());
        let ill: BTreeSet<String> = asked.map(name).filter(|id| !well.contains(id)).collect();
        let (well, ill) = (Vec::from_iter(well), Vec::from_iter(ill));
        let now = self.webhooks.clock.now();
        webhooks::note(&self.webhooks.pool, (&well, &ill), now, now.minus(PATIENCE)).await
    }

    async fn disable(&self, failing: Failing) {
        let (Ok(tenant), Ok(webhook)) = (failing.tenant_id.parse(), failing.id.parse()) else {
            return;
        };
        let command = DisableWebhook { tenant, webhook, failing_since: failing.since.into() };
        match self.webhooks.commands.run(&Context::of("webhooks"), &command).await {
            Ok(_) => tracing::info!(webhook = failing.id, "disabled: nothing arrived for days"),
            // The next failure tries it again.
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(webhook = failing.id, error, "it cannot be disabled yet");
            }
        }
    }

    /// Waits for what is on its way, within bounds; the rest is given back.
    async fn land(mut self) {
        let until = Instant::now() + STOPPING;
        while self.flights.len() > self.told.len() {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(Some(told)) = timeout(left, self.ended.recv()).await else { break };
            self.landed(told);
        }
        let kept = self.keep().await;
        let leases = self.flights.leases();
        let given = deliveries::give_back(&self.webhooks.pool, &leases).await;
        if let Err(error) = kept.and(given) {
            tracing::warn!(%error, "leases cannot be given back; they run out by themselves");
        }
    }
}

/// Whom a round that began after a webhook came to last: it goes up to the end of the ids, then on from their
/// beginning.
fn last_served(claimed: &[Claimed], after: &str) -> Option<String> {
    let webhooks = || claimed.iter().map(|one| one.webhook_id.as_str());
    let last = webhooks().filter(|webhook| *webhook <= after).max().or(webhooks().max());
    last.map(ToOwned::to_owned)
}

/// Looks all their emails up at once, and tells each by itself.
async fn depart(
    webhooks: Arc<Webhooks>,
    claimed: Vec<Claimed>,
    lease: Uuid,
    (end, tasks): (mpsc::Sender<Told>, Tasks),
) {
    let streams = claimed.iter().filter_map(|one| {
        let tenant = one.tenant_id.parse().ok()?;
        let of_email = one.email_id.parse().map(|email| Stream::email(tenant, email));
        Some(of_email.unwrap_or_else(|_| Stream::tenant(tenant)))
    });
    let streams: Vec<Stream> =
        streams.collect::<std::collections::HashSet<_>>().into_iter().collect();
    let stopping = tasks.stopping();
    let loaded = loop {
        match webhooks.commands.store().load_all(&streams).await {
            Ok(loaded) => break Arc::new(loaded),
            Err(error) => tracing::warn!(%error, "what webhooks are told of cannot be read yet"),
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = sleep(POLL) => {}
        }
    };
    for one in claimed {
        let (webhooks, loaded, end) = (Arc::clone(&webhooks), Arc::clone(&loaded), end.clone());
        tasks.spawn("notice", async move {
            let told = match loaded.get(&one.email_id) {
                Some(Ok(facts)) => webhooks.tell(one, facts, lease).await,
                None => webhooks.tell(one, &[], lease).await,
                Some(Err(error)) => {
                    tracing::warn!(notice = one.id, %error, "what it tells of cannot be read yet");
                    later(one, lease, webhooks.clock.now())
                }
            };
            // Who does not listen any more has ended, and the lease runs out.
            let _ = end.send(told).await;
        });
    }
}

fn measure(told: &Told) {
    let outcome = match told.outcome.verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry { .. } => "retried",
        Verdict::Failed => "failed",
    };
    metrics::counter!("selfmx_webhook_attempts_total", "outcome" => outcome).increment(1);
    if let Some(took) = told.took {
        metrics::histogram!("selfmx_webhook_duration").record(took.as_secs_f64());
    }
}
