//! Mails a second that are accepted in batches of a hundred, beside those that are sent one by one.

use std::time::Duration;

use serde_json::json;

use crate::place::{Past, Place};
use crate::report::Report;
use crate::service::Service;
use crate::wire::{Load, as_f64, percentile, send, send_batches};

/// Mails in a batch.
const SIZE: usize = 100;

/// Whoever sends one by one does so over many connections, which is the best that can be done without batches.
const SINGLES: usize = 64;
const BATCHES: usize = 8;
const MEASURED: Duration = Duration::from_secs(6);

pub(crate) async fn measure(place: &Place, report: &mut Report) -> anyhow::Result<()> {
    place.begin("bench_batch", Past::None).await?.close().await;
    let service = Service::start(&place.url("bench_batch"), &[("ROLES", "api")]).await?;
    let tenants = service.tenants(10).await?;
    let load = Load::For(MEASURED);
    let before = send(service.address, &tenants, SINGLES, load).await?;
    // Keys of their own: the same one would be answered as before.
    let tenants = service.tenants(10).await?;
    let sent = send_batches(service.address, &tenants, BATCHES, (load, SIZE)).await?;
    let tenants = service.tenants(10).await?;
    let after = send(service.address, &tenants, SINGLES, load).await?;
    service.stop().await?;
    let rate = as_f64(sent.accepted) / sent.took.as_secs_f64();
    let one_by_one =
        as_f64(before.accepted + after.accepted) / (before.took + after.took).as_secs_f64();
    let notes = [
        ("p50_ms", json!(percentile(&sent.latencies, 50))),
        ("p99_ms", json!(percentile(&sent.latencies, 99))),
    ];
    report.add("batch", (rate, one_by_one), Some(4.0), &notes)
}
