//! Forgets what has served its time: receipts after a day, windows after an hour.

use std::time::Duration;

use crate::clock::Clock;
use crate::database::request_meter::RequestMeter;
use crate::events::store::EventStore;
use crate::events::store::receipts::RECEIPT_LIFE;
use crate::tasks::Tasks;

const EVERY: Duration = Duration::from_secs(60);

/// Tidies up until the tasks are stopped.
pub fn start(store: EventStore, meter: RequestMeter, clock: Clock, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("housekeeping", async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            if let Err(error) = tidy(&store, &meter, &clock).await {
                tracing::warn!(%error, "old receipts and windows are kept until the next round");
            }
        }
    });
}

async fn tidy(store: &EventStore, meter: &RequestMeter, clock: &Clock) -> sqlx::Result<()> {
    let now = clock.now();
    while store.forget_receipts(now.minus(RECEIPT_LIFE)).await? > 0 {}
    // A window is a day at most.
    meter.forget_before(now.minus(Duration::from_secs(90_000))).await
}
