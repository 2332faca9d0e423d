//! The plainest way to record a fact: one prepared `INSERT` per commit, by `pgbench`, from C.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::Command;

use crate::place::{Place, tool};

/// How long it runs, in seconds.
const SECONDS: u32 = 6;

/// The same row with the same indexes as the log's.
const TABLE: &str = "create table plain (like events including indexes);
                     create sequence plain_position;";

/// The payload is as long as the one that the writer is measured with.
const INSERT: &str = r#"insert into plain (position, tenant_id, stream_id, version, event_id, type, schema, payload, metadata, recorded_at)
values (nextval('plain_position'), 'tenant_01h455vb4pex5vsknk084sn02q', 'msg_' || gen_random_uuid(), 1, gen_random_uuid(), 'email.delivery_rescheduled', 1, ('{"next_attempt_at":"2024-01-15T10:30:00Z","personal":"v1.' || repeat('x', 524) || '"}')::json, '{"actor":"benchmark"}', now());
"#;

/// Commits a second, with 32 connections.
pub(crate) async fn measure(place: &Place) -> anyhow::Result<f64> {
    let pool = place.database("bench_base").await?;
    sqlx::raw_sql(TABLE).execute(&pool).await?;
    pool.close().await;
    let script = std::env::temp_dir().join(format!("selfmx-bench-{}.sql", std::process::id()));
    std::fs::write(&script, INSERT)?;
    let mut pgbench = Command::new(tool("PGBENCH")?);
    pgbench
        .args(["-n", "-M", "prepared", "-c", "32", "-j", "1", "-T", &SECONDS.to_string(), "-f"])
        .arg(&script)
        .arg(place.url("bench_base"))
        .stdin(Stdio::null());
    let output = pgbench.output().await.context("pgbench cannot be run")?;
    std::fs::remove_file(&script)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = || format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find(|line| line.starts_with("tps = ")).with_context(said)?;
    let number = line.split_whitespace().nth(2).with_context(said)?;
    Ok(number.parse()?)
}
