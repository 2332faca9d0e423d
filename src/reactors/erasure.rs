//! Finishes what the erasure of a tenant has begun, also when the node that began it is gone.

use std::time::Duration;

use sqlx::PgPool;

use crate::clock::Clock;
use crate::events::store::EventStore;
use crate::projections::relay_health;
use crate::tasks::Tasks;

const POLL: Duration = Duration::from_secs(1);

/// Looks for such tenants until the tasks are stopped.
pub fn start(pool: PgPool, store: EventStore, clock: Clock, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("erasure", async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = finish(&pool, &store, &clock).await {
                tracing::warn!(%error, "what erased tenants have left is deleted in the next round");
            }
        }
    });
}

async fn finish(pool: &PgPool, store: &EventStore, clock: &Clock) -> sqlx::Result<()> {
    for tenant in store.unswept().await? {
        store.sweep(tenant).await?;
        relay_health::forget(pool, tenant).await?;
        store.swept(tenant, clock.now()).await?;
    }
    Ok(())
}
