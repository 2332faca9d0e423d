//! `selfmx audit`: what an auditor asks for, also while no service runs.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::database::{Database, log, secret_key};
use super::{audit_key, say};
use crate::audit::checkpoint;
use crate::audit::key::Signer;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::{migrate, root_key};
use crate::projections::audit::export::{Asked, Export};
use crate::projections::audit::tree::Tree;
use crate::projections::audit::{Audit, AuditError, caught_up, covered};
use crate::projections::runner::Runner;
use crate::tasks::Tasks;
use crate::values::{SecretKey, TenantId, Timestamp};

/// What an auditor is given.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Shows the key by which everything else is checked
    Key,
    /// Shows the signed head of the tree over all facts so far
    Checkpoint,
    /// Writes a tenant's history with its proofs, for `verify-export`
    Export(Range),
}

/// Which part of whose history, and against which tree.
#[derive(Debug, Args)]
pub(super) struct Range {
    /// Whose history
    #[arg(long, value_name = "ID")]
    tenant: TenantId,
    /// From the first fact that was recorded at or after this moment
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// To the last fact that was recorded before this moment
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Proven in the tree of so many facts; without it, of the smallest in which all of them are
    #[arg(long, value_name = "FACTS")]
    size: Option<u64>,
    /// With a proof that the tree of so many facts is the beginning of that one
    #[arg(long, value_name = "FACTS")]
    from_size: Option<u64>,
}

/// Does it.
pub(super) async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let database = Database::open_or_join(config).await?;
    let tasks = Tasks::new();
    let done = carry_out(config, &database.pool, &tasks, action).await;
    tasks.stop(Duration::from_secs(5)).await;
    database.close().await;
    done
}

async fn carry_out(
    config: &Config,
    pool: &PgPool,
    tasks: &Tasks,
    action: Action,
) -> anyhow::Result<()> {
    migrate::run(pool).await.context("the migrations do not go through")?;
    let clock = Clock::system();
    let secrets = root_key::open(pool, &secret_key(config)?).await?;
    let signer = audit_key::load_or_make(pool, &secrets, &clock).await?;
    match action {
        Action::Key => say(&signer.verifier().to_string()),
        Action::Checkpoint => {
            grow(pool, &clock, &secrets, tasks).await?;
            let head = Tree::of(pool, caught_up(pool).await?).head().await?;
            write(&checkpoint::sign(&signer, head)?)
        }
        Action::Export(range) => {
            grow(pool, &clock, &secrets, tasks).await?;
            export(pool, &signer, range).await
        }
    }
}

/// The tree follows the log, and perhaps nobody runs who lets it: so we do until it covers all.
async fn grow(pool: &PgPool, clock: &Clock, root: &SecretKey, tasks: &Tasks) -> anyhow::Result<()> {
    let store = log(pool, clock, root, tasks);
    Runner::start(vec![Arc::new(Audit)], pool, &store, clock, tasks);
    let mut before = None;
    loop {
        match caught_up(pool).await {
            Ok(_) => return Ok(()),
            Err(AuditError::Behind) => {}
            Err(error) => return Err(error.into()),
        }
        let now = covered(pool).await?;
        if before == Some(now) {
            bail!(
                "the audit tree stands still at {now} facts: projection_cursors.trouble says why"
            );
        }
        before = Some(now);
    }
}

async fn export(pool: &PgPool, signer: &Arc<Signer>, range: Range) -> anyhow::Result<()> {
    let Range { tenant, since, until, size, from_size } = range;
    let asked = Asked { tenant, since, until, size, from_size };
    let mut export = Export::open(pool, signer, asked).await?;
    while let Some(lines) = export.next().await? {
        write(&lines)?;
    }
    Ok(())
}

fn write(lines: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes()).context("the output cannot be written")?;
    Ok(out.flush()?)
}
