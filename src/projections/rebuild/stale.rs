//! Read models of a former version are grown again by themselves, beside a service that serves.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::sleep;

use super::{Progress, Rebuild, RebuildError};
use crate::clock::Clock;
use crate::events::store::ReadError;
use crate::events::store::read::Reader;
use crate::projections::shadow::sweep;
use crate::projections::{Pace, ReadModel, cursor};
use crate::tasks::Tasks;

/// Between two tries: the database is gone, or another node is at it.
const AGAIN: Duration = Duration::from_secs(2);

/// Removes what unfinished rebuilds have left behind, and grows again what is of a former version, until
/// nothing is. Nobody waits for it; meanwhile the former tables are kept up to date and read.
pub fn start(models: Vec<ReadModel>, log: Reader, clock: &Clock, tasks: &Tasks) {
    let (clock, stopping) = (clock.clone(), tasks.stopping());
    tasks.spawn("rebuild", async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = until_none_is_stale(&models, &log, &clock) => {}
        }
    });
}

async fn until_none_is_stale(models: &[ReadModel], log: &Reader, clock: &Clock) {
    loop {
        match once(models, log, clock).await {
            Ok(()) => return,
            Err(RebuildError::InProgress(projection)) => {
                tracing::debug!(projection, "another node rebuilds it");
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(error, "read models of a former version stay until the next try");
            }
        }
        sleep(AGAIN).await;
    }
}

async fn once(models: &[ReadModel], log: &Reader, clock: &Clock) -> Result<(), RebuildError> {
    for model in models {
        sweep(log.pool(), model.name()).await?;
    }
    let stale = stale(models, log.pool()).await?;
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = stale.iter().map(ReadModel::name).collect();
    tracing::info!(projections = names.join(", "), "growing again what is of a former version");
    Rebuild { log, clock, tell: &told }.run(&stale).await
}

fn told(progress: Progress) {
    match progress {
        Progress::Grown { position, head } => tracing::debug!(position, head, "grown"),
        Progress::Completes(projection) => tracing::debug!(projection, "indexes are built"),
        Progress::Waits(projection) => tracing::info!(projection, "waits for a long reader"),
        Progress::Done { name, position } => {
            tracing::info!(projection = name, position, "grown again");
        }
    }
}

/// Those that an older version has grown, or none: what follows is then at its beginning anyway.
async fn stale(models: &[ReadModel], pool: &PgPool) -> Result<Vec<ReadModel>, ReadError> {
    let mut db = pool.acquire().await?;
    let mut stale = Vec::new();
    for model in models {
        let grown = cursor::look(&mut db, model).await?.version;
        let is_stale = match model.pace {
            Pace::Inline => grown < Some(model.projector.version()),
            Pace::Following => grown.is_some_and(|grown| grown < model.projector.version()),
        };
        if is_stale {
            stale.push(model.clone());
        }
    }
    Ok(stale)
}
