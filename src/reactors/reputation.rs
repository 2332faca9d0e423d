//! Watches how many of each guarded tenant's mails bounce or are complained of, so that one cannot spoil a relay that
//! it shares with others.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::PgPool;

use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::tenant::{JudgeReputation, window};
use crate::projections::reputation::{conduct, guarded, guarded_after, head};
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::{TenantId, Timestamp};

const POLL: Duration = Duration::from_secs(5);

/// The head moves with every mail; a judgement may wait a little.
const PAUSE: Duration = Duration::from_millis(500);

/// Whoever has no news is judged again after so long: what leaves the window changes its rates too.
const ROUND: Duration = Duration::from_secs(60);

/// Watches until the tasks are stopped. Several nodes may do so at once: the tenant's own stream tells a second
/// judgement that it is so already.
pub fn start(pool: PgPool, commands: Executor, tasks: &Tasks) {
    let stopping = tasks.stopping();
    let mut watch = Watch { pool, commands, seen: 0, round: None, again: BTreeSet::new() };
    tasks.spawn("reputation", async move {
        let mut head = watch.commands.store().head();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = head.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = watch.judge_news().await {
                tracing::warn!(%error, "reputations are judged later");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    });
}

/// How far the log was watched.
struct Watch {
    pool: PgPool,
    commands: Executor,
    /// News up to this position were judged.
    seen: i64,
    /// When all were judged last.
    round: Option<Timestamp>,
    /// Those who could not be judged.
    again: BTreeSet<TenantId>,
}

impl Watch {
    async fn judge_news(&mut self) -> sqlx::Result<()> {
        let (now, upto) = (self.commands.now(), head(&self.pool).await?);
        let is_over = self.round.is_none_or(|round| round.plus(ROUND) <= now);
        let tenants = if is_over {
            guarded(&self.pool).await?
        } else {
            guarded_after(&self.pool, self.seen).await?
        };
        if is_over {
            self.round = Some(now);
        }
        self.seen = upto;
        self.again.extend(tenants);
        // One tenant's trouble is nobody else's.
        for tenant in std::mem::take(&mut self.again) {
            if let Err(error) = judge(&self.pool, &self.commands, tenant).await {
                tracing::warn!(%tenant, error = chain(&*error), "its reputation is judged later");
                self.again.insert(tenant);
            }
        }
        Ok(())
    }
}

async fn judge(pool: &PgPool, commands: &Executor, tenant: TenantId) -> anyhow::Result<()> {
    let past = commands.tenant(tenant).await?;
    let Some(known) = past.state.living() else { return Ok(()) };
    let Some(guard) = known.settings.reputation else { return Ok(()) };
    let begin = commands.now().minus(window(&guard));
    let since = known.resumed_at.map_or(begin, |resumed| resumed.max(begin));
    let conduct = conduct(pool, tenant, since).await?;
    let command = JudgeReputation { tenant, conduct, since };
    match commands.run(&Context::of("reputation"), &command).await {
        Ok(done) if done.facts.is_empty() => Ok(()),
        Ok(_) => {
            metrics::counter!("selfmx_reputation_actions").increment(1);
            tracing::warn!(%tenant, ?conduct, "too many bounces or complaints");
            Ok(())
        }
        // It was deleted or resumed meanwhile: there is nothing to judge.
        Err(CommandError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
