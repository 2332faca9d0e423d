//! `POST /v1/send` answered 202 a second, with everything that a request passes on its way.

use std::time::Duration;

use serde_json::json;

use crate::base;
use crate::place::{Past, Place};
use crate::report::Report;
use crate::service::Service;
use crate::wire::{Load, as_f64, percentile, send};

const CONNECTIONS: usize = 64;
const MEASURED: Duration = Duration::from_secs(8);

pub(crate) async fn measure(place: &Place, report: &mut Report, past: Past) -> anyhow::Result<()> {
    let before = base::measure(place).await?;
    place.begin("bench_accept", past).await?.close().await;
    // The other roles would take their parts of the machine: they are measured by themselves.
    let roles = [("ROLES", "api")];
    let service = Service::start(&place.url("bench_accept"), &roles).await?;
    let idle = service.memory()?;
    let tenants = service.tenants(10).await?;
    let sent = send(service.address, &tenants, CONNECTIONS, Load::For(MEASURED)).await?;
    let loaded = service.memory()?;
    service.stop().await?;
    let after = base::measure(place).await?;
    let rate = as_f64(sent.accepted) / sent.took.as_secs_f64();
    let notes = [
        ("p50_ms", json!(percentile(&sent.latencies, 50))),
        ("p99_ms", json!(percentile(&sent.latencies, 99))),
        ("memory_idle_mib", json!(idle)),
        ("memory_loaded_mib", json!(loaded)),
    ];
    let (name, wanted) = match past {
        Past::None => ("accept", Some(0.5)),
        Past::Long => ("accept_at_1m", None),
    };
    report.add(name, (rate, f64::midpoint(before, after)), wanted, &notes)
}
