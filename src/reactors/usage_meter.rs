//! Makes facts of the requests that were counted: told twice, they are recorded once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{MissedTickBehavior, interval};

use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::usage::RecordApiRequests;
use crate::database::request_meter::{DayTotal, RequestMeter};
use crate::database::settling::Wish;
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::TenantId;

/// How late a request is in the log at most; in the usage it is at once, for whoever looks.
const EVERY: Duration = Duration::from_secs(2);

/// So many facts wait for the log together: one commit holds them all.
const AT_ONCE: usize = 64;

/// Not all could be made facts; the cause was logged.
#[derive(Debug)]
struct Unsettled;

/// Empties the meter until the tasks are stopped, and once more then; readers do not have to wait for
/// the next round.
pub fn start(meter: RequestMeter, commands: Executor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("usage meter", async move {
        let mut round = interval(EVERY);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return flush(&meter, &commands).await,
                _ = round.tick() => flush(&meter, &commands).await,
                wishes = meter.settling().wishes() => grant(&meter, &commands, wishes).await,
            }
        }
    });
}

/// Makes facts of all that was counted so far.
pub async fn flush(meter: &RequestMeter, commands: &Executor) {
    // What could not be settled is looked at again in the next round.
    let _ = settle_all(meter, commands).await;
}

/// Does what readers wait for; those who wait for the same have it done once.
async fn grant(meter: &RequestMeter, commands: &Executor, wishes: Vec<Wish>) {
    let tenants: Option<BTreeSet<TenantId>> = wishes.iter().map(|wish| wish.whose).collect();
    let Some(tenants) = tenants else {
        if settle_all(meter, commands).await.is_ok() {
            wishes.into_iter().for_each(Wish::grant);
        }
        return;
    };
    let settled = stream::iter(tenants).map(async |tenant| {
        let totals = meter.unrecorded_of(tenant).await.map_err(|error| unread(&error)).ok()?;
        settle(meter, commands, totals).await.is_ok().then_some(tenant)
    });
    let settled = settled.buffer_unordered(AT_ONCE).filter_map(std::future::ready);
    let settled: BTreeSet<TenantId> = settled.collect().await;
    let granted = |wish: &Wish| wish.whose.is_some_and(|tenant| settled.contains(&tenant));
    wishes.into_iter().filter(granted).for_each(Wish::grant);
}

/// Piece by piece: a tenant that is busy all the time must not keep another from its turn.
async fn settle_all(meter: &RequestMeter, commands: &Executor) -> Result<(), Unsettled> {
    let begun = commands.now();
    let (mut last, mut all) = (None, Ok(()));
    loop {
        let totals = meter.unrecorded(last.as_ref()).await.map_err(|error| unread(&error))?;
        let Some(end) = totals.last() else { break };
        last = Some(end.clone());
        all = settle(meter, commands, totals).await.and(all);
    }
    all.inspect(|()| meter.settling().note(begun))
}

async fn settle(
    meter: &RequestMeter,
    commands: &Executor,
    totals: Vec<DayTotal>,
) -> Result<(), Unsettled> {
    let count = totals.len();
    let told = stream::iter(totals).map(|total| tell(commands, total)).buffer_unordered(AT_ONCE);
    let told: Vec<DayTotal> = told.filter_map(std::future::ready).collect().await;
    if let Err(error) = meter.recorded(&told).await {
        tracing::warn!(%error, "requests are looked at again");
    }
    if told.len() == count { Ok(()) } else { Err(Unsettled) }
}

fn unread(error: &sqlx::Error) -> Unsettled {
    tracing::warn!(%error, "the counted requests cannot be read");
    Unsettled
}

/// Makes a fact of one day's requests; none if it must be tried again.
async fn tell(commands: &Executor, total: DayTotal) -> Option<DayTotal> {
    let tenant = total.tenant_id.parse().ok()?;
    let command = RecordApiRequests { tenant, day: total.day, total: total.requests };
    match commands.run(&Context::of("usage meter"), &command).await {
        Ok(_) => Some(total),
        Err(error) => {
            let (tenant, error) = (&total.tenant_id, chain(&error));
            tracing::warn!(tenant, error, "requests are recorded later");
            None
        }
    }
}
