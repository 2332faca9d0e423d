//! Makes facts of the requests that were counted: told twice, they are recorded once.

use std::time::Duration;

use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::usage::RecordApiRequests;
use crate::database::request_meter::RequestMeter;
use crate::tasks::Tasks;
use crate::telemetry::chain;

/// How late a request is in the usage at most.
const EVERY: Duration = Duration::from_secs(2);

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

/// Makes facts of all that was counted so far.
pub async fn flush(meter: &RequestMeter, commands: &Executor) {
    let totals = match meter.unrecorded().await {
        Ok(totals) => totals,
        Err(error) => {
            tracing::warn!(%error, "the counted requests cannot be read");
            return;
        }
    };
    for total in totals {
        let Ok(tenant) = total.tenant_id.parse() else { continue };
        let command = RecordApiRequests { tenant, day: total.day, total: total.requests };
        if let Err(error) = commands.run(&Context::of("usage meter"), &command).await {
            tracing::warn!(
                tenant = total.tenant_id,
                error = chain(&error),
                "requests are recorded later"
            );
            continue;
        }
        if let Err(error) = meter.recorded(&total).await {
            tracing::warn!(%error, "requests are looked at again");
        }
    }
}
