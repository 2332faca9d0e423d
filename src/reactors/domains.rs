//! Looks the domains of tenants up again and again, so that a record that is lost is noticed.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use sqlx::PgPool;

use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::domain::{Checked, DomainState, RecordCheck};
use crate::commands::executor::Executor;
use crate::events::Stream;
use crate::mail::dns::Inspector;
use crate::projections::domain_checks::{self, Due};
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::{DomainId, TenantId};

/// So many domains are taken at a time.
const TAKEN: i64 = 50;

/// So many are looked up at once.
const AT_ONCE: usize = 10;

const POLL: Duration = Duration::from_secs(1);

/// Looks them up until the tasks are stopped. Each domain is taken by one node, which has it for a pause.
pub fn start(pool: PgPool, commands: Executor, inspector: Inspector, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn("domains", async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
            }
            let round = look_up(&pool, &commands, &inspector);
            let looked = tokio::select! {
                () = stopping.cancelled() => return,
                looked = round => looked,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "domains are looked up in the next round");
            }
        }
    });
}

async fn look_up(pool: &PgPool, commands: &Executor, inspector: &Inspector) -> sqlx::Result<()> {
    let due = domain_checks::take(pool, commands.now(), TAKEN).await?;
    let each = stream::iter(due).map(|due| one(pool, commands, inspector, due));
    each.buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn one(pool: &PgPool, commands: &Executor, inspector: &Inspector, due: Due) {
    let (Ok(tenant), Ok(domain)) = (due.tenant_id.parse(), due.domain_id.parse()) else { return };
    if let Err(error) = checked(pool, commands, inspector, (tenant, domain)).await {
        tracing::warn!(
            domain = due.domain_id,
            error = chain(&*error),
            "a domain is looked up later"
        );
    }
}

async fn checked(
    pool: &PgPool,
    commands: &Executor,
    inspector: &Inspector,
    (tenant, domain): (TenantId, DomainId),
) -> anyhow::Result<()> {
    let past = commands.state::<DomainState>(&Stream::domain(tenant, domain)).await?;
    let Some(known) = past.state.living() else { return Ok(()) };
    metrics::counter!("selfmx_domain_checks").increment(1);
    let seen = inspector.inspect(&known.name, &known.keys).await;
    let checked = Checked { found: seen.found, missing: seen.missing };
    let command = RecordCheck { tenant, domain, checked };
    match commands.run(&Context::of("domains"), &command).await {
        // It was given up meanwhile.
        Ok(_) | Err(CommandError::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    domain_checks::note(pool, (tenant, domain), commands.now(), seen.trouble.as_deref()).await?;
    Ok(())
}
