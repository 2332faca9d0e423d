//! How long we wait for a relay: so long for each step, and not for ever for all of them.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::failure::Fault;

/// The slowest line that we still serve, in bytes a second.
const SLOWEST_LINE: u64 = 128 * 1024;

/// All steps together may take as long as this many single ones.
const STEPS: u32 = 10;

/// The time left for one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    step: Duration,
    transfer: Duration,
    deadline: Instant,
}

impl Patience {
    /// For a mail of so many bytes.
    pub(super) fn new(step: Duration, bytes: usize) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let transfer = step.saturating_add(Duration::from_secs(bytes / SLOWEST_LINE));
        let whole = step.saturating_mul(STEPS).saturating_add(transfer);
        Self { step, transfer, deadline: Instant::now() + whole }
    }

    /// Waits for one question and its answer.
    pub(super) async fn step_of<T>(&self, work: impl Future<Output = T>) -> Result<T, Fault> {
        self.within(self.step, work).await
    }

    /// Waits while the mail itself goes over, and for the answer to it.
    pub(super) async fn transfer_of<T>(&self, work: impl Future<Output = T>) -> Result<T, Fault> {
        self.within(self.transfer, work).await
    }

    /// Waits so long at most, and never beyond the end of the attempt.
    pub(super) async fn within<T>(
        &self,
        time: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let until = self.deadline.min(Instant::now() + time);
        timeout_at(until, work).await.map_err(|_| Fault::lost("the relay did not answer in time"))
    }
}
