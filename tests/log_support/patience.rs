//! Waiting for a condition, and never for a time.

use std::time::Duration;

/// Waits, within bounds, until something is so.
pub(crate) async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..4_000 {
        look.tick().await;
        if so().await {
            return;
        }
    }
    panic!("it never came to be so: {what}");
}
