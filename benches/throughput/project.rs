//! Facts a second through all projectors from the first fact, beside reading and decoding them.

use std::time::{Duration, Instant};

use selfmx::clock::Clock;
use selfmx::events::store::EventStore;
use selfmx::projections::runner::{PIECE, Runner};
use selfmx::projections::{following, inline};
use selfmx::tasks::Tasks;
use serde_json::json;
use sqlx::PgPool;

use crate::place::{Place, log};
use crate::report::Report;
use crate::service::Service;
use crate::wire::{Load, as_f64, send};

const MAILS: u64 = 20_000;

/// Far beyond what it takes: then something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let pool = place.database("bench_project").await?;
    // Real lives: accepted, started, delivered into the built-in outbox.
    let service = Service::start(&place.url("bench_project"), &[("ROLES", "api,delivery")]).await?;
    let tenants = service.tenants(10).await?;
    send(service.address, &tenants, 64, Load::Mails(MAILS)).await?;
    at_rest(&pool).await?;
    service.stop().await?;
    let (clock, tasks) = (Clock::system(), Tasks::new());
    let store = log(&pool, inline(), &tasks)?;
    let facts = u64::try_from(store.ask_head().await?)?;
    let before = read(&store).await?;
    let begun = Instant::now();
    Runner::start(following(), &pool, &store, &clock, &tasks);
    grown(&pool, i64::try_from(facts)?).await?;
    let took = begun.elapsed();
    let after = read(&store).await?;
    tasks.stop(Duration::from_secs(10)).await;
    pool.close().await;
    let rate = |took: Duration| as_f64(facts) / took.as_secs_f64();
    let base = f64::midpoint(rate(before), rate(after));
    report.add("project", (rate(took), base), Some(0.2), &[("facts", json!(facts))])
}

pub(crate) async fn at_rest(pool: &PgPool) -> anyhow::Result<()> {
    wait(pool, "select not exists (select 1 from send_queue)", &[]).await
}

async fn grown(pool: &PgPool, head: i64) -> anyhow::Result<()> {
    let all = "select count(*) = 4 and bool_and(position >= $1) from projection_cursors";
    wait(pool, all, &[head]).await
}

async fn wait(pool: &PgPool, so: &'static str, with: &[i64]) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let mut asked = sqlx::query_scalar::<_, Option<bool>>(so);
        for value in with {
            asked = asked.bind(*value);
        }
        if asked.fetch_one(pool).await? == Some(true) {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "it never came to be: {so}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reads and decodes the whole log, in the pieces in which projectors read it.
pub(crate) async fn read(store: &EventStore) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut position = 0;
    loop {
        let piece = store.read(position, PIECE).await?;
        let Some(last) = piece.facts.last() else { return Ok(begun.elapsed()) };
        position = last.position;
    }
}
