//! A client that costs next to nothing: prepared requests over kept connections, and what came back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::service::Tenant;

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// For so long, after having warmed up.
    For(Duration),
    /// So many in all.
    Mails(u64),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Answered 202 while it was measured.
    pub(crate) accepted: u64,
    pub(crate) took: Duration,
    /// Each answer's time, sorted.
    pub(crate) latencies: Vec<Duration>,
}

const WARM: Duration = Duration::from_secs(1);

/// Sends mails of 2 kB over so many connections, tenant after tenant, each under its own idempotency key.
pub(crate) async fn send(
    address: SocketAddr,
    tenants: &[Tenant],
    connections: usize,
    load: Load,
) -> anyhow::Result<Sent> {
    send_batches(address, tenants, connections, (load, 1)).await
}

/// The same in batches of so many mails; one is sent by itself.
pub(crate) async fn send_batches(
    address: SocketAddr,
    tenants: &[Tenant],
    connections: usize,
    (load, size): (Load, usize),
) -> anyhow::Result<Sent> {
    let begun = Instant::now();
    let taken = Arc::new(AtomicU64::new(0));
    let mut all = JoinSet::new();
    for connection in 0..connections {
        let tenant = tenants.get(connection % tenants.len()).context("no tenants")?.clone();
        let taken = Arc::clone(&taken);
        all.spawn(
            async move { one(address, &tenant, connection, (load, size), (&taken, begun)).await },
        );
    }
    let mut sent = Sent { accepted: 0, took: Duration::ZERO, latencies: Vec::new() };
    while let Some(latencies) = all.join_next().await {
        sent.latencies.extend(latencies??);
    }
    sent.took = match load {
        Load::For(time) => time,
        Load::Mails(_) => begun.elapsed(),
    };
    sent.accepted = u64::try_from(sent.latencies.len() * size)?;
    sent.latencies.sort_unstable();
    Ok(sent)
}

async fn one(
    address: SocketAddr,
    tenant: &Tenant,
    connection: usize,
    (load, size): (Load, usize),
    (taken, begun): (&AtomicU64, Instant),
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut buffer) = (Vec::new(), Vec::with_capacity(1024));
    for n in 0_u64.. {
        let measured = match load {
            Load::For(time) if begun.elapsed() > WARM + time => break,
            Load::For(_) => begun.elapsed() > WARM,
            Load::Mails(most) if taken.fetch_add(1, Ordering::Relaxed) >= most => break,
            Load::Mails(_) => true,
        };
        let request = request(tenant, &format!("{connection}-{n}"), size);
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        anyhow::ensure!(status == 202, "{}", String::from_utf8_lossy(&buffer));
        if measured {
            latencies.push(asked.elapsed());
        }
    }
    Ok(latencies)
}

fn request(tenant: &Tenant, key: &str, size: usize) -> String {
    let Tenant { domain, token } = tenant;
    let text = "Lorem ipsum dolor sit amet, consetetur. ".repeat(46);
    let mail = |n: usize| {
        format!(
            r#"{{"from":"hello@{domain}","to":"ann@example.org","subject":"Hello {key} {n}","text":"{text}"}}"#
        )
    };
    let (path, body) = if size == 1 {
        ("/v1/send", mail(0))
    } else {
        let mails: Vec<String> = (0..size).map(mail).collect();
        ("/v1/send/batch", format!(r#"{{"messages":[{}]}}"#, mails.join(",")))
    };
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one answer whole, and gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    buffer.clear();
    loop {
        anyhow::ensure!(stream.read_buf(buffer).await? > 0, "the service hung up");
        let text = String::from_utf8_lossy(buffer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer without length")?.parse()?;
        if body.len() >= length {
            return Ok(head.get(9..12).context("no status")?.parse()?);
        }
    }
}

/// The latency that so many of a hundred do not exceed, in milliseconds.
pub(crate) fn percentile(latencies: &[Duration], of_hundred: usize) -> f64 {
    let place = latencies.len() * of_hundred / 100;
    let found = latencies.get(place.min(latencies.len().saturating_sub(1)));
    found.map_or(f64::NAN, |latency| (latency.as_secs_f64() * 10_000.0).round() / 10.0)
}

/// A count as a number to divide.
pub(crate) fn as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
