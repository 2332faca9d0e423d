//! Facts a second through a rebuild of all read models, and through the verification of the log, beside reading and
//! decoding them: a million facts, and the memory that it takes.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use selfmx::events::store::verify;
use selfmx::projections::inline;
use selfmx::tasks::Tasks;
use serde_json::json;
use tokio::process::Command;

use crate::place::{GROWN, Place, log};
use crate::project::read;
use crate::report::Report;
use crate::service::SECRET;
use crate::wire::as_f64;

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let pool = place.open(GROWN).await?;
    let url = place.url(GROWN);
    let tasks = Tasks::new();
    let store = log(&pool, inline(), &tasks)?;
    let facts = u64::try_from(store.ask_head().await?)?;
    let before = read(&store).await?;
    let (took, memory) = rebuild(&url).await?;
    let begun = Instant::now();
    let verdicts = verify::verify(&store.reader(), None, &|_, _| {}).await?;
    let verified = begun.elapsed();
    let broken: Vec<_> = verdicts.iter().filter(|verdict| !verdict.holds()).collect();
    anyhow::ensure!(broken.is_empty(), "the log does not hold: {broken:?}");
    let after = read(&store).await?;
    tasks.stop(Duration::from_secs(10)).await;
    pool.close().await;
    let rate = |took: Duration| as_f64(facts) / took.as_secs_f64();
    let base = f64::midpoint(rate(before), rate(after));
    let notes = [("facts", json!(facts)), ("peak_mib", json!(memory))];
    report.add("rebuild", (rate(took), base), Some(0.2), &notes)?;
    report.add("verify_log", (rate(verified), base), Some(0.5), &[("facts", json!(facts))])
}

/// Rebuilds all by the command, and says how much memory it had at most, in MiB.
async fn rebuild(url: &str) -> anyhow::Result<(Duration, u64)> {
    let begun = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_selfmx"))
        .args(["projections", "rebuild"])
        .env("DATABASE_URL", url)
        .env("SECRET_KEY", SECRET)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("the rebuild cannot be started")?;
    let id = process.id().context("the rebuild ended at its start")?;
    let mut peak = 0;
    let ended = loop {
        tokio::select! {
            ended = process.wait() => break ended?,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                peak = peak_of(id).unwrap_or(peak);
            }
        }
    };
    anyhow::ensure!(ended.success(), "the rebuild failed");
    Ok((begun.elapsed(), peak))
}

/// The most memory that a process has had, in MiB.
fn peak_of(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
