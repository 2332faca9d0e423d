//! Takes mail by SMTP (RFC 5321), as much of it as a client needs: the built-in outbox and the listener for bounces
//! are such servers. Whoever receives says for whom, and what comes of it.

mod dialogue;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::tasks::Tasks;

/// A mail as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who sent it, as the server was told; empty for a report.
    pub from: String,
    /// For whom, as the server was told.
    pub to: Vec<String>,
    /// All of it.
    pub raw: Vec<u8>,
}

/// What a server bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait.
    pub connections: usize,
    /// How long one connection may last.
    pub lasts: Duration,
    /// Bytes of a mail.
    pub bytes: usize,
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
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopping.cancelled() => return,
            };
            let Ok((stream, _)) = accepted else { continue };
            let (receiver, stopping) = (Arc::clone(&receiver), stopping.clone());
            spawner.spawn(name, async move {
                let _place = place;
                tokio::select! {
                    // Who takes too long is cut off, and its mail was not taken.
                    _ = timeout(limits.lasts, dialogue::hold(stream, receiver.as_ref())) => {}
                    () = stopping.cancelled() => {}
                }
            });
        }
    });
}
