//! Pages of a tenant's history a second, the first and the deepest, beside looking rows up by their key.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use selfmx::projections::history::{History, HistoryFilter};
use selfmx::tasks::Tasks;
use selfmx::values::TenantId;
use serde_json::json;
use sqlx::PgPool;

use crate::place::{GROWN, Place, log};
use crate::report::Report;

/// Facts in the log, of which every tenth is the tenant's.
const FACTS: i64 = 1_000_000;

/// Facts on a page: what the API gives when nobody says, and one more to see whether it goes on.
const PAGE: i64 = 21;

const ROUNDS: u32 = 2_000;

/// What a look-up by the key gives: the plainest thing that could be asked of a log.
const LOOK_UP: &str = "select payload::text from events where position = $1";

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let pool = place.copy("bench_history", GROWN).await?;
    let tenant: String = sqlx::query_scalar("select tenant_id from events where position = $1")
        .bind(FACTS)
        .fetch_one(&pool)
        .await?;
    let (tenant, tasks): (TenantId, _) = (tenant.parse()?, Tasks::new());
    let store = log(&pool, Vec::new(), &tasks)?;
    let history = History::new(store, pool.clone());
    let filter = |types| HistoryFilter { tenant, types, stream: None, since: None, until: None };
    let (all, typed) = (filter(None), filter(Some(vec!["email.recipient_delivered"])));
    let deep = FACTS - 40 * PAGE * 10;
    for (name, filter, after) in [
        ("history_first", &all, 0),
        ("history_deep", &all, deep),
        ("history_first_of_type", &typed, 0),
        ("history_deep_of_type", &typed, deep),
    ] {
        let before = look_ups(&pool).await?;
        let rate = rate(async || {
            let rows = history.page(filter, after, PAGE).await?;
            anyhow::ensure!(rows.len() == usize::try_from(PAGE)?, "a page of {}", rows.len());
            Ok(())
        });
        let rate = rate.await?;
        let base = f64::midpoint(before, look_ups(&pool).await?);
        report.add(name, (rate, base), Some(1.0 / 3.0), &[("facts", json!(FACTS))])?;
    }
    tasks.stop(Duration::from_secs(10)).await;
    pool.close().await;
    Ok(())
}

/// Rows a second, each looked up by its key.
async fn look_ups(pool: &PgPool) -> anyhow::Result<f64> {
    let mut position = 0;
    rate(async || {
        // A step that visits the whole log, and never the same place twice in a row.
        position = (position + 7_919) % FACTS;
        let row: Option<String> =
            sqlx::query_scalar(LOOK_UP).bind(position + 1).fetch_one(pool).await?;
        row.map(|_| ()).context("a row has no payload")
    })
    .await
}

/// How often a second something can be done, one after the other.
async fn rate(mut once: impl AsyncFnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    for _ in 0..ROUNDS / 10 {
        once().await?;
    }
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        once().await?;
    }
    Ok(f64::from(ROUNDS) / begun.elapsed().as_secs_f64())
}
