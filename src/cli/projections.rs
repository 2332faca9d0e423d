//! `selfmx projections`: how far the read models have come, and growing them again.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use sqlx::PgPool;

use super::database::{Database, log_reader};
use super::progress::Watch;
use super::say;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::migrate;
use crate::events::store::read::Reader;
use crate::projections::rebuild::{Progress, Rebuild};
use crate::projections::standing::{Standing, standings};
use crate::projections::{self, ReadModel};

/// What is done with read models.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Shows version, position, lag and rows of each
    List {
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
    /// Grows tables again from the first fact, beside the live ones, and swaps them in; all if none is named
    Rebuild {
        /// Which, as `list` shows them
        names: Vec<String>,
    },
}

/// Does it, also while services run.
pub(super) async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let database = Database::open_or_join(config).await?;
    let done = carry_out(config, &database.pool, action).await;
    database.close().await;
    done
}

async fn carry_out(config: &Config, pool: &PgPool, action: Action) -> anyhow::Result<()> {
    let up_to_date =
        migrate::is_up_to_date(pool).await.context("the schema cannot be looked at")?;
    anyhow::ensure!(up_to_date, "the database is not up to date: run selfmx migrate");
    match action {
        Action::List { json } => {
            let standings = standings(pool, &projections::all()).await?;
            say(&if json { serde_json::to_string_pretty(&standings)? } else { table(&standings) })
        }
        Action::Rebuild { names } => {
            let models = wanted(&names)?;
            rebuild(&log_reader(config, pool).await?, &models).await
        }
    }
}

/// The read models of these names; all without any.
fn wanted(names: &[String]) -> anyhow::Result<Vec<ReadModel>> {
    let all = projections::all();
    let known: Vec<_> = all.iter().map(ReadModel::name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no projection {unknown}: name some of {}", known.join(", "));
    }
    let is_wanted = |model: &ReadModel| names.is_empty() || names.iter().any(|n| n == model.name());
    Ok(all.into_iter().filter(is_wanted).collect())
}

async fn rebuild(log: &Reader, models: &[ReadModel]) -> anyhow::Result<()> {
    let watch = Watch::new("growing");
    let tell = |progress| match progress {
        Progress::Grown { position, head } => watch.reached(position, head),
        Progress::Completes(name) => watch.note(&format!("{name}: building its indexes")),
        Progress::Waits(name) => {
            watch.note(&format!("{name}: somebody has been reading it for long; waiting"));
        }
        Progress::Done { name, position } => {
            watch.note(&format!("{name}: grown again up to position {position}, and in its place"));
        }
    };
    Rebuild { log, clock: &Clock::system(), tell: &tell }.run(models).await?;
    watch.end();
    Ok(())
}

fn table(standings: &[Standing]) -> String {
    let mut lines = vec![format!(
        "{:<12} {:<10} {:>7} {:>12} {:>9}  {}",
        "projection", "pace", "version", "position", "lag", "rows"
    )];
    for one in standings {
        let version = one.version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let rows: Vec<_> = one.rows.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
        let (name, pace, position, lag) = (one.name, one.pace, one.position, one.lag);
        let rows = rows.join(", ");
        lines.push(format!("{name:<12} {pace:<10} {version:>7} {position:>12} {lag:>9}  {rows}"));
        if one.version != Some(one.wanted_version) {
            let wanted = one.wanted_version;
            lines.push(format!("  {name} is to be of version {wanted}; a service grows it again"));
        }
        if let Some(trouble) = &one.trouble {
            lines.push(format!("  {name} stands still: {trouble}"));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_those_there_are() {
        let refused = wanted(&["emials".to_owned()]).err().unwrap().to_string();
        assert!(refused.contains("emials") && refused.contains("emails, usage"), "{refused}");
    }

    #[test]
    fn without_a_name_all_are_meant() {
        assert_eq!(wanted(&[]).unwrap().len(), projections::all().len());
        assert_eq!(wanted(&["usage".to_owned()]).unwrap().len(), 1);
    }
}
