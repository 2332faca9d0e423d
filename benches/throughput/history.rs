//! Pages of a tenant's history a second, the first and the deepest, beside looking rows up by their key.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use selfmx::clock::Clock;
use selfmx::projections::history::{History, HistoryFilter};
use selfmx::tasks::Tasks;
use selfmx::values::{KeyId, TenantId};
use serde_json::json;
use sqlx::PgPool;

use crate::place::{Place, log};
use crate::report::Report;

/// Facts in the log, of which every tenth is the tenant's.
const FACTS: i64 = 1_000_000;

/// Facts on a page: what the API gives when nobody says, and one more to see whether it goes on.
const PAGE: i64 = 21;

const ROUNDS: u32 = 2_000;

/// One tenant among many that are as busy, each fact in its place.
const LOG: &str = "insert into events (position, tenant_id, stream_id, version, event_id, type, schema,
                        payload, metadata, recorded_at)
    select n, case when n % 10 = 0 then $1 else 'tenant_' || lpad((n % 10)::text, 26, '0') end,
           'msg_' || lpad(n::text, 26, '0'), 1, gen_random_uuid(),
           case when n % 20 < 10 then 'email.delivery_rescheduled' else 'email.delivery_interrupted' end, 1,
           case when n % 20 < 10
                then '{\"next_attempt_at\":\"2024-01-15T10:30:00Z\",\"reason\":\"' || repeat('x', 300) || '\"}'
                else '{\"attempt\":1}' end::json,
           json_build_object('actor', $3), timestamptz '2024-01-15T10:30:00Z' + n * interval '1 second'
    from generate_series(1, $2) n
    returning 1::bigint";

/// Who did it all.
const KEY: &str =
    "insert into api_keys (id, name, key_hash, prefix, permissions, version, created_at)
    values ($1, 'Benchmark', 'none', '', '{}', 1, now()) returning name";

/// What a look-up by the key gives: the plainest thing that could be asked of a log.
const LOOK_UP: &str = "select payload::text from events where position = $1";

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let pool = place.database("bench_history").await?;
    let (clock, tasks) = (Clock::system(), Tasks::new());
    let tenant = TenantId::at(clock.now());
    grow(&pool, tenant, KeyId::at(clock.now())).await?;
    let store = log(&pool, Vec::new(), &tasks)?;
    let history = History::new(store, pool.clone());
    let filter = |types| HistoryFilter { tenant, types, stream: None, since: None, until: None };
    let (all, typed) = (filter(None), filter(Some(vec!["email.delivery_interrupted"])));
    let deep = FACTS - 20 * PAGE * 10;
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

async fn grow(pool: &PgPool, tenant: TenantId, key: KeyId) -> anyhow::Result<()> {
    let written = sqlx::query_scalar::<_, i64>(LOG).bind(tenant.to_string()).bind(FACTS);
    let written = written.bind(key.to_string());
    sqlx::query_scalar::<_, String>(KEY).bind(key.to_string()).fetch_one(pool).await?;
    anyhow::ensure!(written.fetch_all(pool).await?.len() == usize::try_from(FACTS)?);
    sqlx::raw_sql("vacuum analyze events").execute(pool).await?;
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
