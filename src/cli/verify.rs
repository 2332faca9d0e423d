//! `selfmx verify`: whether the log, the read models and the bill are what they say they are.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use sqlx::PgPool;

use super::database::{Database, log_reader};
use super::progress::Watch;
use super::{complain, say};
use crate::config::{Config, Overrides};
use crate::database::migrate;
use crate::events::store::verify::verify;
use crate::projections::audit::check;
use crate::projections::{self, verify as read_models};
use crate::values::{Finding, TenantId, Verdict};

/// Something does not hold.
const BROKEN: u8 = 1;

/// It could not be checked whether all holds.
const UNCHECKED: u8 = 2;

/// What is verified, and for whom the answer is.
#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
    /// Only what is this tenant's
    #[arg(long, value_name = "ID")]
    tenant: Option<TenantId>,
}

/// Verifies, also while services run. Its code is 0 if all holds, 1 if something does not, and 2 if it could not
/// be checked.
pub(super) async fn run(overrides: &Overrides, wanted: &Wanted) -> ExitCode {
    match verified(overrides, wanted).await {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::from(UNCHECKED)
        }
    }
}

async fn verified(overrides: &Overrides, wanted: &Wanted) -> anyhow::Result<ExitCode> {
    let config = Config::from_env(overrides)?;
    let database = Database::open_or_join(&config).await?;
    let verdicts = verdicts(&config, &database.pool, wanted.tenant).await;
    database.close().await;
    let verdicts = verdicts?;
    if wanted.json {
        let holds = verdicts.iter().all(Verdict::holds);
        say(&serde_json::to_string_pretty(&json!({"holds": holds, "checks": verdicts}))?)?;
    } else {
        say(&verdicts.iter().map(in_words).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(code(&verdicts))
}

/// All checks. One that fails to be made does not keep the others from being made.
async fn verdicts(
    config: &Config,
    pool: &PgPool,
    tenant: Option<TenantId>,
) -> anyhow::Result<Vec<Verdict>> {
    let up_to_date =
        migrate::is_up_to_date(pool).await.context("the schema cannot be looked at")?;
    anyhow::ensure!(up_to_date, "the database is not up to date: run selfmx migrate");
    let log = log_reader(config, pool).await?;
    let watch = Watch::new("reading the log");
    let tell = |position, head| watch.reached(position, head);
    let mut verdicts = made("log", verify(&log, tenant, &tell).await);
    watch.end();
    // The tree is over all facts, whosever they are.
    if tenant.is_none() {
        let hashes = check::verify(pool).await.map(|verdict| vec![verdict]);
        verdicts.extend(made("log.hashes", hashes));
    }
    let watch = Watch::new("growing again");
    let tell = |position, head| watch.reached(position, head);
    let models = projections::all();
    let compared = read_models::verify(&log, &models, tenant, &tell).await;
    watch.end();
    verdicts.extend(made("projections", compared));
    let usage = read_models::usage(pool, tenant).await.map(|verdict| vec![verdict]);
    verdicts.extend(made("accounting.usage", usage));
    let ended = read_models::ended(pool, tenant).await.map(|verdict| vec![verdict]);
    verdicts.extend(made("accounting.recipients", ended));
    Ok(verdicts)
}

fn made<E>(check: &str, made: Result<Vec<Verdict>, E>) -> Vec<Verdict>
where
    E: std::error::Error + Send + Sync + 'static,
{
    made.unwrap_or_else(|error| {
        vec![Verdict::unchecked(check, format!("{:#}", anyhow::Error::from(error)))]
    })
}

/// What was found weighs more than what could not be looked at.
fn code(verdicts: &[Verdict]) -> ExitCode {
    if verdicts.iter().any(|verdict| !verdict.findings.is_empty()) {
        ExitCode::from(BROKEN)
    } else if verdicts.iter().all(Verdict::holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNCHECKED)
    }
}

fn in_words(verdict: &Verdict) -> String {
    let Verdict { check, looked_at, findings, further, unchecked } = verdict;
    if let Some(why) = unchecked {
        return format!("{check}: could not be checked: {why}");
    }
    if findings.is_empty() {
        return format!("{check}: holds ({looked_at} looked at)");
    }
    let mut lines = vec![format!("{check}: does not hold")];
    for finding in findings {
        lines.push(format!("  {}", finding.message));
        lines.extend(details(finding));
    }
    if *further > 0 {
        lines.push(format!("  and {further} more"));
    }
    lines.join("\n")
}

fn details(finding: &Finding) -> Vec<String> {
    let columns = finding.difference.iter().flat_map(|difference| &difference.columns);
    let mut lines: Vec<_> = columns
        .map(|one| {
            format!("    {}: {} in the table, {} by the log", one.name, one.live, one.regrown)
        })
        .collect();
    if !finding.positions.is_empty() {
        let positions: Vec<_> = finding.positions.iter().map(ToString::to_string).collect();
        lines.push(format!("    facts: {}", positions.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Verdict {
        let mut verdict = Verdict::on("log.positions");
        verdict.find(Finding::new("the fact at position 3 is missing", vec![3]));
        verdict
    }

    #[test]
    fn what_was_found_weighs_more_than_what_could_not_be_looked_at() {
        let unchecked = Verdict::unchecked("log", "no database");
        let same = |code, number| format!("{code:?}") == format!("{:?}", ExitCode::from(number));
        assert!(same(code(&[Verdict::on("log")]), 0));
        assert!(same(code(std::slice::from_ref(&unchecked)), 2));
        assert!(same(code(&[unchecked, found()]), 1));
    }

    #[test]
    fn a_finding_is_told_with_its_facts() {
        let told = in_words(&found());
        assert!(
            told.contains("does not hold\n  the fact at position 3 is missing\n    facts: 3"),
            "{told}"
        );
    }
}
