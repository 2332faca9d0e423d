//! Mails a second from the first accept to the last outcome, beside a bare SMTP client from C.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::place::{Past, Place, tool};
use crate::report::Report;
use crate::service::Service;
use crate::wire::{Load, as_f64, send};

const MAILS: u64 = 20_000;
const CONNECTIONS: usize = 64;

/// Far beyond what it takes: then something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn measure(place: &Place, report: &mut Report, past: Past) -> anyhow::Result<()> {
    let (mut sink, port) = sink().await?;
    let before = bare(port).await?;
    let pool = place.begin("bench_deliver", past).await?;
    let port_text = port.to_string();
    let settings =
        [("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", port_text.as_str()), ("SMTP_TLS", "none")];
    let service = Service::start(&place.url("bench_deliver"), &settings).await?;
    let tenants = service.tenants(10).await?;
    let head = sqlx::query_scalar("select position from log_head").fetch_one(&pool).await?;
    let begun = Instant::now();
    send(service.address, &tenants, CONNECTIONS, Load::Mails(MAILS)).await?;
    let accepted = begun.elapsed();
    let took = delivered(&pool, begun, head).await?;
    let memory = service.memory()?;
    service.stop().await?;
    pool.close().await;
    let after = bare(port).await?;
    sink.kill().await?;
    let notes = [
        ("accepted_after_s", json!((accepted.as_secs_f64() * 10.0).round() / 10.0)),
        ("memory_mib", json!(memory)),
    ];
    let (name, wanted) = match past {
        Past::None => ("deliver", Some(0.1)),
        Past::Long => ("deliver_at_1m", None),
    };
    report.add(name, (as_f64(MAILS) / took, f64::midpoint(before, after)), wanted, &notes)
}

/// Waits until the queue is empty, and makes sure that each mail is a fact then: a mail leaves the queue
/// together with its outcome. Counting the facts all along would be a part of what is measured.
async fn delivered(pool: &PgPool, begun: Instant, head: i64) -> anyhow::Result<f64> {
    let waits = "select exists (select 1 from send_queue)";
    while sqlx::query_scalar::<_, bool>(waits).fetch_one(pool).await? {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "mails still wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let delivered = "select count(*) from events
                     where type = 'email.recipient_delivered' and position > $1";
    let delivered = sqlx::query_scalar::<_, i64>(delivered).bind(head).fetch_one(pool).await?;
    anyhow::ensure!(u64::try_from(delivered)? == MAILS, "only {delivered} mails were delivered");
    Ok(took)
}

/// A relay that takes everything and keeps nothing.
async fn sink() -> anyhow::Result<(Child, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = postfix("SMTP_SINK")?;
    if nix::unistd::Uid::effective().is_root() {
        command.args(["-u", "nobody"]);
    }
    command.arg(format!("127.0.0.1:{port}")).arg("1000").kill_on_drop(true);
    let sink = command.spawn().context("smtp-sink cannot be run")?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "smtp-sink does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((sink, port))
}

/// The same mails over ten kept connections, by `smtp-source`.
async fn bare(port: u16) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut command = postfix("SMTP_SOURCE")?;
    command
        .args(["-s", "10", "-m", &MAILS.to_string(), "-l", "2048", "-d"])
        .args(["-f", "a@example.com", "-t", "b@example.org"])
        .arg(format!("127.0.0.1:{port}"));
    let status = command.status().await.context("smtp-source cannot be run")?;
    anyhow::ensure!(status.success(), "smtp-source failed");
    Ok(as_f64(MAILS) / begun.elapsed().as_secs_f64())
}

/// Postfix's tools find their libraries beside them.
fn postfix(variable: &str) -> anyhow::Result<Command> {
    let program = tool(variable)?;
    let mut command = Command::new(&program);
    if let Some(usr) = program.parent().and_then(|sbin| sbin.parent()) {
        command.env("LD_LIBRARY_PATH", usr.join("lib/postfix"));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}
