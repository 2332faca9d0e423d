//! Makes facts of the requests that were counted: told twice, they are recorded once.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::usage::RecordApiRequests;
use crate::database::request_meter::{DayTotal, RequestMeter};
use crate::tasks::Tasks;
use crate::telemetry::chain;

/// How late a request is in the usage at most.
const EVERY: Duration = Duration::from_secs(2);

/// So many facts wait for the log together: one commit holds them all.
const AT_ONCE: usize = 64;

/// Empties the meter until the tasks are stopped, and once more then.
pub fn start(meter: RequestMeter, commands: Executor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("usage meter", async move {
        loop {
            let last = tokio::select! {
                () = stopping.cancelled() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            flush(&meter, &commands).await;
            if last {
                return;
            }
        }
    });
}

/// Makes facts of all that was counted so far, piece by piece: a tenant that is busy all the time must
/// not keep another from its turn.
pub async fn flush(meter: &RequestMeter, commands: &Executor) {
    let mut last = None;
    loop {
        let totals = match meter.unrecorded(last.as_ref()).await {
            Ok(totals) => totals,
            Err(error) => {
                tracing::warn!(%error, "the counted requests cannot be read");
                return;
            }
        };
        let Some(end) = totals.last() else { return };
        last = Some(end.clone());
        let told =
            stream::iter(totals).map(|total| tell(commands, total)).buffer_unordered(AT_ONCE);
        let told: Vec<DayTotal> = told.filter_map(std::future::ready).collect().await;
        if let Err(error) = meter.recorded(&told).await {
            tracing::warn!(%error, "requests are looked at again");
        }
    }
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
