//! Processes in the hand of a test: each ends with it, however it ends.

mod answer;
mod caller;
mod home;
pub(crate) mod pid;
mod postgres;
mod service;
mod setup;
mod tenant;
mod wire;

use std::time::Duration;

pub(crate) use answer::Answer;
pub(crate) use caller::Caller;
pub(crate) use home::Home;
pub(crate) use postgres::Postgres;
pub(crate) use service::{Ended, Service};
pub(crate) use setup::{ADMIN, Setup, ordinary};
pub(crate) use tenant::Tenant;
pub(crate) use wire::{Wire, open_files, send_head};

/// A test that waits so long waits in vain.
const PATIENCE: Duration = Duration::from_secs(40);

/// Looks until something is so, within bounds; never waits for a time.
pub(crate) async fn until(what: &str, so: impl AsyncFnMut() -> bool) {
    assert!(within(PATIENCE, so).await, "it never came to be so: {what}");
}

/// The same with a bound of its own; says whether it came to be so.
pub(crate) async fn within(bound: Duration, mut so: impl AsyncFnMut() -> bool) -> bool {
    let looks = bound.as_millis() / 20;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..looks {
        look.tick().await;
        if so().await {
            return true;
        }
    }
    false
}
