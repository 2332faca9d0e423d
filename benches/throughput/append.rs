//! Facts a second through the log's writer, beside one `INSERT` per commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use selfmx::clock::Clock;
use selfmx::events::email::Trouble;
use selfmx::events::store::append::{Append, Part};
use selfmx::events::{EmailEvent, Fact, Metadata};
use selfmx::tasks::Tasks;
use selfmx::values::{EmailId, Personal, TenantId};
use serde_json::json;
use tokio::task::JoinSet;

use crate::base;
use crate::place::{Past, Place, log};
use crate::report::Report;

const MEASURED: Duration = Duration::from_secs(6);
const WARM: Duration = Duration::from_secs(1);

/// With few callers at once, and with many.
const CALLERS: [(&str, &str, usize, f64); 2] =
    [("append_32", "append_32_at_1m", 32, 1.2), ("append_512", "append_512_at_1m", 512, 2.5)];

pub(crate) async fn measure(place: &Place, report: &mut Report, past: Past) -> anyhow::Result<()> {
    for (name, at_1m, callers, wanted) in CALLERS {
        let (name, wanted) = match past {
            Past::None => (name, Some(wanted)),
            Past::Long => (at_1m, None),
        };
        // Each beside a base of its own: what else the machine does changes within a minute.
        let before = base::measure(place).await?;
        let rate = rate(place, callers, past).await?;
        let after = base::measure(place).await?;
        let notes = [("callers", json!(callers))];
        report.add(name, (rate, f64::midpoint(before, after)), wanted, &notes)?;
    }
    Ok(())
}

async fn rate(place: &Place, callers: usize, past: Past) -> anyhow::Result<f64> {
    let pool = place.begin("bench_append", past).await?;
    let (clock, tasks) = (Clock::system(), Tasks::new());
    let store = log(&pool, Vec::new(), &tasks)?;
    let tenant = TenantId::at(clock.now());
    let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut all = JoinSet::new();
    for _ in 0..callers {
        let (store, clock) = (store.clone(), clock.clone());
        let (written, stop) = (Arc::clone(&written), Arc::clone(&stop));
        all.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                store.append(fact(tenant, &clock)).await?;
                written.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::time::sleep(WARM).await;
    let (begun, before) = (Instant::now(), written.load(Ordering::Relaxed));
    tokio::time::sleep(MEASURED).await;
    let facts = written.load(Ordering::Relaxed) - before;
    let took = begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = all.join_next().await {
        ended??;
    }
    tasks.stop(Duration::from_secs(10)).await;
    pool.close().await;
    Ok(crate::wire::as_f64(facts) / took)
}

/// One fact of 400 bytes in a stream of its own.
fn fact(tenant: TenantId, clock: &Clock) -> Append {
    let now = clock.now();
    let email = EmailId::at(now);
    let personal = Personal::Known(Trouble { reason: "x".repeat(340) });
    let event = EmailEvent::DeliveryRescheduled { next_attempt_at: now, personal };
    let fact = Fact::Email(tenant, email, event);
    Append {
        parts: vec![Part { stream: fact.stream(), expected: 0, facts: vec![fact] }],
        guards: Vec::new(),
        contents: Vec::new(),
        metadata: Metadata { actor: "benchmark".to_owned(), ..Metadata::default() },
        at: now,
    }
}
