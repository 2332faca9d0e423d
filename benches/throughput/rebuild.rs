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
use sqlx::PgPool;
use tokio::process::Command;

use crate::place::{Place, log};
use crate::project::{at_rest, read};
use crate::report::Report;
use crate::service::{SECRET, Service};
use crate::wire::{Load, as_f64, send};

/// Lived in earnest; the others are copies.
const MAILS: u64 = 20_000;

/// Copies all facts about emails, with ids of their own, until there are a million. A copy differs in some of the
/// random digits of its ids: these stay UUIDv7 with the time of the fact, and no payload tells them.
const COPY: &str = "
    with one as (
        select *, row_number() over (order by position) as place, count(*) over () as size
        from events where type like 'email.%'
    ), head as (select position from log_head),
    copies as (
        select h.position + (k - 1) * o.size + o.place as position, o.tenant_id,
               left(o.stream_id, 18) || lpad(to_hex(k), 4, '0')
                   || right(o.stream_id, 8) as stream_id,
               o.version,
               (left(o.event_id::text, 24) || substr(md5(o.event_id::text || k), 1, 12))::uuid as event_id,
               o.type, o.schema, o.payload, o.metadata, o.recorded_at
        from one o cross join head h
        cross join lateral generate_series(1, (1000000 - h.position) / o.size) as k
    )
    insert into events (position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata,
                        recorded_at)
    select position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata, recorded_at
    from copies order by position";

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let pool = place.database("bench_rebuild").await?;
    let url = place.url("bench_rebuild");
    let service = Service::start(&url, &[("ROLES", "api,delivery")]).await?;
    let tenants = service.tenants(10).await?;
    send(service.address, &tenants, 64, Load::Mails(MAILS)).await?;
    at_rest(&pool).await?;
    service.stop().await?;
    copy(&pool).await?;
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
    let notes = [("facts", json!(facts)), ("peak MiB", json!(memory))];
    report.add("rebuild", (rate(took), base), Some(0.2), &notes)?;
    report.add("verify log", (rate(verified), base), Some(0.5), &[("facts", json!(facts))])
}

async fn copy(pool: &PgPool) -> anyhow::Result<()> {
    let mut db = pool.begin().await?;
    sqlx::raw_sql(COPY).execute(&mut *db).await?;
    sqlx::raw_sql("update log_head set position = (select max(position) from events)")
        .execute(&mut *db)
        .await?;
    db.commit().await?;
    sqlx::raw_sql("vacuum (analyze) events").execute(pool).await?;
    Ok(())
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
