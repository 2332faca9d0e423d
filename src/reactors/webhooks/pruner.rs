//! Has old notices forgotten, now and then.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::projections::webhook_deliveries;

const EVERY: Duration = Duration::from_secs(60);

/// Does so until it is to stop. Several nodes that do it at once are in nobody's way.
pub(super) async fn run(pool: PgPool, clock: Clock, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match webhook_deliveries::prune(&pool, clock.now()).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old notices of webhooks are forgotten"),
            Err(error) => tracing::warn!(%error, "old notices are kept until the next round"),
        }
    }
}
