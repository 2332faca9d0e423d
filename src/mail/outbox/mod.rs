//! A relay inside the process, for those who have none yet: it catches mail and shows it.
//!
//! It speaks real SMTP on a loopback port, so the same transport runs as in earnest.

mod caught;
mod dialogue;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::tasks::Tasks;

use caught::Shelf;
pub use caught::{Caught, CaughtMail};

/// So many connections at once; further ones wait.
const CONNECTIONS: usize = 256;

/// Catches mail. Clones share what was caught.
#[derive(Clone, Debug)]
pub struct Outbox {
    address: SocketAddr,
    shelf: Arc<Shelf>,
}

impl Outbox {
    /// Listens on a loopback port of the system's choice.
    pub async fn start(clock: Clock, tasks: &Tasks) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shelf = Arc::new(Shelf::new(clock));
        let outbox = Self { address, shelf: Arc::clone(&shelf) };
        let stopping = tasks.stopping();
        let spawner = tasks.clone();
        tasks.spawn("outbox", async move {
            let places = Arc::new(Semaphore::new(CONNECTIONS));
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stopping.cancelled() => return,
                };
                let Ok((stream, _)) = accepted else { continue };
                let (shelf, stopping) = (Arc::clone(&shelf), stopping.clone());
                spawner.spawn("outbox connection", async move {
                    let _place = place;
                    tokio::select! {
                        () = dialogue::hold(stream, &shelf) => {}
                        () = stopping.cancelled() => {}
                    }
                });
            }
        });
        Ok(outbox)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was caught, the latest first.
    pub fn list(&self) -> Vec<Caught> {
        self.shelf.list()
    }

    /// One mail, taken apart for showing.
    pub fn get(&self, id: u64) -> Option<CaughtMail> {
        self.shelf.get(id)
    }

    /// Throws everything away.
    pub fn clear(&self) {
        self.shelf.clear();
    }
}
