//! Watches how many of each guarded tenant's mails bounce or are complained of, so that one cannot spoil a relay that
//! it shares with others.

use std::time::Duration;

use sqlx::PgPool;

use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::tenant::{JudgeReputation, window};
use crate::projections::reputation::{conduct, guarded};
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::TenantId;

const POLL: Duration = Duration::from_secs(5);

/// The head moves with every mail; a judgement may wait a little.
const PAUSE: Duration = Duration::from_millis(500);

/// Watches until the tasks are stopped. Several nodes may do so at once: the tenant's own stream tells a second
/// judgement that it is so already.
pub fn start(pool: PgPool, commands: Executor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("reputation", async move {
        let mut head = commands.store().head();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = head.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = judge_all(&pool, &commands).await {
                tracing::warn!(%error, "reputations are judged later");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    });
}

async fn judge_all(pool: &PgPool, commands: &Executor) -> sqlx::Result<()> {
    for tenant in guarded(pool).await? {
        judge(pool, commands, tenant).await?;
    }
    Ok(())
}

async fn judge(pool: &PgPool, commands: &Executor, tenant: TenantId) -> sqlx::Result<()> {
    let past = commands.tenant(tenant).await?;
    let Some(known) = past.state.living() else { return Ok(()) };
    let Some(guard) = known.settings.reputation else { return Ok(()) };
    let begin = commands.now().minus(window(&guard));
    let since = known.resumed_at.map_or(begin, |resumed| resumed.max(begin));
    let conduct = conduct(pool, tenant, since).await?;
    let command = JudgeReputation { tenant, conduct, since };
    match commands.run(&Context::of("reputation"), &command).await {
        Ok(done) if done.facts.is_empty() => {}
        Ok(_) => tracing::warn!(%tenant, ?conduct, "too many bounces or complaints"),
        // It was deleted or resumed meanwhile: the next round sees it as it is.
        Err(CommandError::Refused(_)) => {}
        Err(error) => {
            tracing::warn!(%tenant, error = chain(&error), "its reputation is judged later");
        }
    }
    Ok(())
}
