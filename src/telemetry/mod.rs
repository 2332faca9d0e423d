//! Logs and metrics: what the service tells those who run it.

mod log_output;
pub mod metrics;

use std::error::Error;
use std::fmt::Write as _;

use tracing_subscriber::EnvFilter;

pub use log_output::{LogGuard, LogOutput};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Starts logging; lines are written until the guard is dropped.
pub fn init(level: &str, format: Format) -> LogGuard {
    let (output, guard) = LogOutput::start();
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(output);
    // A second start in one process, as in tests, keeps the first logger.
    let _ = match format {
        Format::Json => lines.json().flatten_event(true).try_init(),
        Format::Text => lines.with_ansi(false).try_init(),
    };
    guard
}

/// An error with all its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
