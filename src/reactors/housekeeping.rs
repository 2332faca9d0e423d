//! Forgets what has served its time: receipts after a day, windows after an hour, and what mails said after
//! as long as the operator keeps it.

use std::time::Duration;

use crate::clock::Clock;
use crate::database::request_meter::RequestMeter;
use crate::events::store::EventStore;
use crate::events::store::receipts::RECEIPT_LIFE;
use crate::tasks::Tasks;
use crate::values::Timestamp;

const EVERY: Duration = Duration::from_secs(60);

/// Tidies up until the tasks are stopped; what mails said is kept for so long, or for ever.
pub fn start(
    store: EventStore,
    meter: RequestMeter,
    clock: Clock,
    content_retention: Option<Duration>,
    tasks: &Tasks,
) {
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
            let Some(kept) = content_retention else { continue };
            if let Err(error) = forget_contents(&store, clock.now().minus(kept)).await {
                tracing::warn!(%error, "old contents are kept until the next round");
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

/// Of this no fact tells: it follows from the setting, and a fact for each mail would be more than is left
/// of the mail. The line in the log says how many there were.
pub async fn forget_contents(store: &EventStore, before: Timestamp) -> sqlx::Result<()> {
    loop {
        match store.forget_contents(before).await? {
            0 => return Ok(()),
            forgotten => tracing::info!(forgotten, %before, "old contents are forgotten"),
        }
    }
}
