//! Tasks in the background: nothing runs that nobody waits for.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Waits until nobody who is ready to run has more to say to whoever answers all that wait at once, or so many
/// wait. What takes turns would else take many of them with a few, while the others come.
pub async fn gather<T>(queue: &mpsc::Receiver<T>, enough: usize) {
    let mut waiting = queue.len();
    while waiting < enough {
        yield_now().await;
        let now = queue.len();
        if now == waiting {
            return;
        }
        waiting = now;
    }
}

/// Spawns tasks, asks them to stop, and waits until they have. Clones share the same tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    running: TaskTracker,
    stopping: CancellationToken,
}

impl Tasks {
    /// No task yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` in the background until it ends; `name` appears in its log lines.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn spawn<W>(&self, name: &'static str, work: W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let span = tracing::info_span!("task", name);
        tokio::spawn(self.running.track_future(work.instrument(span)));
    }

    /// Is cancelled once the tasks are asked to stop; each long-running one watches it.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Asks every task to stop and waits for all; false if some still ran after `within`.
    pub async fn stop(&self, within: Duration) -> bool {
        self.stopping.cancel();
        self.running.close();
        tokio::time::timeout(within, self.running.wait()).await.is_ok()
    }
}
