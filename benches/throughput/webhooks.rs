//! Notices a second to webhooks of which two hang, beside the same without the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::place::{Past, Place};
use crate::report::Report;
use crate::service::Service;
use crate::wire::{Load, as_f64, send};

/// To twenty receivers, these are 10,000 notices.
const MAILS: u64 = 500;
const GOOD: u64 = 18;
const HANGING: u64 = 2;

/// What the time to the last good notice may be, of what it is without those that hang.
const SLOWER: f64 = 1.2;

/// Far beyond what it takes: then something hangs that should not.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    let before = good_a_second(place, "bench_webhooks_1", 0).await?;
    let with = good_a_second(place, "bench_webhooks_2", HANGING).await?;
    let after = good_a_second(place, "bench_webhooks_3", 0).await?;
    let without = f64::midpoint(before, after);
    let times = (without / with * 100.0).round() / 100.0;
    let notes = [("time_with_by_time_without", json!(times))];
    report.add("webhooks", (with, without), Some(1.0 / SLOWER), &notes)
}

/// From the first mail until the last notice has reached the last receiver that answers.
async fn good_a_second(place: &Place, database: &str, hanging: u64) -> anyhow::Result<f64> {
    let pool = place.begin(database, Past::None).await?;
    let settings = [("WEBHOOK_ALLOW_PRIVATE", "true")];
    let service = Service::start(&place.url(database), &settings).await?;
    let (mut receivers, told) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
    let mut urls = Vec::new();
    // Those that hang come first: whoever is served in order is served badly.
    for _ in 0..hanging {
        urls.push(hangs(&mut receivers).await?);
    }
    for _ in 0..GOOD {
        urls.push(answers(&mut receivers, &told).await?);
    }
    let tenants = service.tenants(1).await?;
    service.hook(tenants.first().context("no tenant")?, &urls).await?;
    let begun = Instant::now();
    send(service.address, &tenants, 16, Load::Mails(MAILS)).await?;
    while told.load(Ordering::Relaxed) < MAILS * GOOD {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "notices still wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    service.stop().await?;
    pool.close().await;
    Ok(as_f64(MAILS * GOOD) / took)
}

/// A receiver that counts what it is told.
async fn answers(running: &mut JoinSet<()>, told: &Arc<AtomicU64>) -> anyhow::Result<String> {
    let told = Arc::clone(told);
    let count = move || {
        told.fetch_add(1, Ordering::Relaxed);
        std::future::ready(StatusCode::NO_CONTENT)
    };
    listen(running, Router::new().fallback(count)).await
}

/// A receiver that takes everything and never answers.
async fn hangs(running: &mut JoinSet<()>) -> anyhow::Result<String> {
    listen(running, Router::new().fallback(std::future::pending::<StatusCode>)).await
}

async fn listen(running: &mut JoinSet<()>, router: Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    running.spawn(async move {
        // It ends with the measurement.
        let _ = axum::serve(listener, router).await;
    });
    Ok(url)
}
