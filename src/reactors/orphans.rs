//! Withdraws the mail that a deleted tenant has left in the queue.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use sqlx::PgPool;

use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::email::CancelEmail;
use crate::commands::email::cancel_email::Because;
use crate::commands::executor::Executor;
use crate::projections::tenants;
use crate::tasks::Tasks;
use crate::telemetry::chain;

/// So many wait for the log together: one commit holds them all.
const AT_ONCE: usize = 64;

const POLL: Duration = Duration::from_secs(1);

/// Looks for such mail until the tasks are stopped.
pub fn start(pool: PgPool, commands: Executor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("orphans", async move {
        let mut head = commands.store().head();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = head.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = withdraw(&pool, &commands).await {
                tracing::warn!(%error, "the mail of deleted tenants cannot be looked for");
            }
            // The head moves with every mail; a deleted tenant's may wait a little.
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
    });
}

/// Withdraws some hundreds of them.
pub async fn withdraw(pool: &PgPool, commands: &Executor) -> sqlx::Result<()> {
    let orphans = tenants::deleted_with_mail(pool, commands.now()).await?;
    let told = stream::iter(orphans).map(|(tenant, email)| cancel(commands, tenant, email));
    told.buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn cancel(commands: &Executor, tenant: String, email: String) {
    let (Ok(tenant), Ok(id)) = (tenant.parse(), email.parse()) else { return };
    let command = CancelEmail { tenant, email: id, reason: Because::TenantDeleted };
    match commands.run(&Context::of("orphans"), &command).await {
        // What has an outcome meanwhile needs no other.
        Ok(_) | Err(CommandError::Refused(_)) => {}
        Err(error) => {
            tracing::warn!(email, error = chain(&error), "it cannot be withdrawn yet");
        }
    }
}
