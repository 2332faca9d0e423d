//! A relay inside the process, for those who have none yet: it catches mail and shows it.
//!
//! It speaks real SMTP on a loopback port, so the same transport runs as in earnest.

mod caught;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;

use super::server::{Limits, Received, Receiver, serve};
use crate::clock::Clock;
use crate::tasks::Tasks;

use caught::Shelf;
pub use caught::{Caught, CaughtMail};

/// Nobody but ourselves calls, so hardly anything is refused.
const LIMITS: Limits = Limits {
    connections: 256,
    connections_of_one: 256,
    lasts: Duration::from_secs(24 * 60 * 60),
    bytes: 48 * 1024 * 1024,
    kept: 48 * 1024 * 1024,
    recipients: 10_000,
    refusals: usize::MAX,
};

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
        let catcher = Arc::new(Catcher(Arc::clone(&shelf)));
        serve(listener, catcher, "outbox", tasks);
        Ok(Self { address, shelf })
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

/// Puts whatever comes on the shelf.
struct Catcher(Arc<Shelf>);

#[async_trait]
impl Receiver for Catcher {
    fn greeting(&self) -> (String, &'static str) {
        ("outbox.localhost".to_owned(), "SelfMX outbox")
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn admits(&self, _: &str) -> Result<(), &'static str> {
        Ok(())
    }

    async fn take(&self, mail: Received) -> String {
        let id = self.0.put(mail.from, mail.to, mail.raw);
        format!("250 2.0.0 caught as {id}")
    }
}
