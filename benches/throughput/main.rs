//! Measures the service and says what it is worth beside the plainest thing that could be done instead.
//!
//! Each figure is a ratio of two rates measured in the same run on the same machine: machines differ, and
//! what else they do differs from minute to minute. `make bench` prints the table and writes
//! `target/bench.json`.

mod accept;
mod append;
mod base;
mod batch;
mod deliver;
mod history;
mod lives;
mod place;
mod project;
mod rebuild;
mod render;
mod report;
mod service;
mod webhooks;
mod wire;

use anyhow::Context as _;

use place::{Past, Place};
use report::Report;

/// What is measured in this process allocates as it does in the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured, in this order; arguments name those that are wanted.
const ALL: [&str; 10] = [
    "append", "accept", "batch", "deliver", "project", "webhooks", "render", "history", "rebuild",
    "at_1m",
];

fn main() -> anyhow::Result<()> {
    let named: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    if let Some(unknown) = named.iter().find(|name| !ALL.contains(&name.as_str())) {
        anyhow::bail!("there is no measurement {unknown}: give some of {}", ALL.join(", "));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let place = Place::find().context("no place to measure in")?;
        let mut report = Report::default();
        if wanted("render") {
            render::measure(&mut report).context("render")?;
        }
        from_nothing(&place, &mut report, &wanted).await?;
        in_a_long_log(&place, &mut report, &wanted).await?;
        report.show()
    })
}

async fn from_nothing(
    place: &Place,
    report: &mut Report,
    wanted: &impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    if wanted("append") {
        append::measure(place, report, Past::None).await.context("append")?;
    }
    if wanted("accept") {
        accept::measure(place, report, Past::None).await.context("accept")?;
    }
    if wanted("deliver") {
        deliver::measure(place, report, Past::None).await.context("deliver")?;
    }
    if wanted("project") {
        project::measure(place, report).await.context("project")?;
    }
    if wanted("batch") {
        batch::measure(place, report).await.context("batch")?;
    }
    if wanted("webhooks") {
        webhooks::measure(place, report).await.context("webhooks")?;
    }
    Ok(())
}

/// The same log for all: a million facts take their time to be written.
async fn in_a_long_log(
    place: &Place,
    report: &mut Report,
    wanted: &impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    if ["history", "rebuild", "at_1m"].into_iter().any(wanted) {
        lives::grow(place).await.context("a long log")?;
    }
    if wanted("history") {
        history::measure(place, report).await.context("history")?;
    }
    if wanted("rebuild") {
        rebuild::measure(place, report).await.context("rebuild")?;
    }
    if wanted("at_1m") {
        anyhow::ensure!(wanted("rebuild"), "at_1m needs the read models that rebuild has grown");
        append::measure(place, report, Past::Long).await.context("append_at_1m")?;
        accept::measure(place, report, Past::Long).await.context("accept_at_1m")?;
        deliver::measure(place, report, Past::Long).await.context("deliver_at_1m")?;
    }
    Ok(())
}
