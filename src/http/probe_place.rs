//! A place for work that takes long or much: so much of it goes on at once, and the rest waits a little.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::Api;
use super::problem::Problem;

/// So long a request waits for others to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for a place, which is kept until it is dropped.
pub(super) async fn place(api: &Api) -> Result<OwnedSemaphorePermit, Problem> {
    let place = timeout(PATIENCE, Arc::clone(&api.probes).acquire_owned()).await;
    let busy = || Problem::unavailable("too many are tried at once: try again");
    place.map_err(|_| busy())?.map_err(|_| busy())
}
