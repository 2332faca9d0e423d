//! Takes mail by SMTP (RFC 5321), as much of it as a client needs: the built-in outbox and the listener for bounces
//! are such servers. Whoever receives says for whom, and what comes of it.

mod dialogue;
mod peers;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::tasks::Tasks;

/// Accepting fails when files run out: asking again at once would only spin.
const BREATH: Duration = Duration::from_millis(100);

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it, as the server was told; empty for a report.
    pub from: String,
    /// For whom, as the server was told.
    pub to: Vec<String>,
    /// Its lines, up to what the server keeps of a mail.
    pub raw: Vec<u8>,
}

/// What a server bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait.
    pub connections: usize,
    /// Connections of one peer at once; further ones are turned away.
    pub connections_of_one: usize,
    /// How long one connection may last.
    pub lasts: Duration,
    /// Bytes of a mail.
    pub bytes: usize,
    /// So many of its first bytes are kept; the rest is heard and dropped.
    pub kept: usize,
    /// Recipients of a mail.
    pub recipients: usize,
    /// So many refusals, and the connection ends.
    pub refusals: usize,
}

/// Whoever takes the mail.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// By which name it greets, and with which words.
    fn greeting(&self) -> (String, &'static str);

    /// What it bears.
    fn limits(&self) -> Limits;

    /// Whether it takes mail for this recipient; if not, the whole reply.
    fn admits(&self, recipient: &str) -> Result<(), &'static str>;

    /// Takes a mail; the whole reply. What is answered with `250` must be where it cannot be lost.
    async fn take(&self, mail: Received) -> String;
}

/// Serves until the tasks are stopped.
pub fn serve(
    listener: TcpListener,
    receiver: Arc<dyn Receiver>,
    name: &'static str,
    tasks: &Tasks,
) {
    let stopping = tasks.stopping();
    let spawner = tasks.clone();
    tasks.spawn(name, async move {
        let limits = receiver.limits();
        let places = Arc::new(Semaphore::new(limits.connections));
        let peers = peers::Peers::default();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopping.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(name, %error, "a connection cannot be accepted");
                    sleep(BREATH).await;
                    continue;
                }
            };
            let seat = peers.seat(peer.ip(), limits.connections_of_one);
            let (receiver, stopping) = (Arc::clone(&receiver), stopping.clone());
            spawner.spawn(name, async move {
                let _place = place;
                let talk = async {
                    match &seat {
                        Some(_) => dialogue::hold(stream, receiver.as_ref()).await,
                        None => dialogue::turn_away(stream).await,
                    }
                };
                tokio::select! {
                    // Who takes too long is cut off, and its mail was not taken.
                    _ = timeout(limits.lasts, talk) => {}
                    () = stopping.cancelled() => {}
                }
            });
        }
    });
}
