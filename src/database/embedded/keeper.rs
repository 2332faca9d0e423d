//! Keeps our Postgres running: one that ends although nobody asked it to is started again.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::owner::Owner;
use super::place::Place;
use super::postmaster::Postmaster;
use super::{EmbeddedError, cluster};

/// After a start that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// All that is needed to start it.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) binaries: PathBuf,
    pub(super) place: Place,
    pub(super) owner: Owner,
}

impl Keeper {
    /// Starts it; the first time makes its cluster.
    pub(super) async fn start(&self) -> Result<Postmaster, EmbeddedError> {
        cluster::ensure(&self.binaries, &self.place, &self.owner).await?;
        self.start_again().await
    }

    /// Never makes a cluster: where one has vanished, an empty one would look like lost mail.
    async fn start_again(&self) -> Result<Postmaster, EmbeddedError> {
        Postmaster::start(&self.binaries, &self.place, &self.owner).await
    }

    /// Sees to it that it runs until it is time to stop, and then ends it.
    pub(super) async fn keep(self, mut postmaster: Postmaster, stopping: CancellationToken) {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return postmaster.stop().await,
                () = postmaster.ended() => {}
            }
            tracing::error!("our Postgres has ended, and is started again");
            // Whoever stops meanwhile drops the start, and with it what it has started.
            postmaster = tokio::select! {
                () = stopping.cancelled() => return,
                postmaster = self.brought_back() => postmaster,
            };
            tracing::info!("our Postgres runs again");
        }
    }

    async fn brought_back(&self) -> Postmaster {
        loop {
            match self.start_again().await {
                Ok(postmaster) => return postmaster,
                Err(error) => tracing::error!(%error, "our Postgres does not start"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
