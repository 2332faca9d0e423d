//! How far something has come: a bar on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const BAR: &str = "{msg} [{bar:30}] {pos} of {len} facts, {per_sec}, {eta} left";

/// Without a terminal there is a line for each of so many parts of the way.
const PARTS: i64 = 10;

/// Shows whoever waits how far it has come.
pub(super) struct Watch {
    what: &'static str,
    begun: Instant,
    /// None where nobody sees a bar.
    bar: Option<ProgressBar>,
    told: Mutex<i64>,
}

impl Watch {
    /// At its beginning.
    pub(super) fn new(what: &'static str) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style).with_message(what)
        });
        Self { what, begun: Instant::now(), bar, told: Mutex::new(0) }
    }

    /// So far of so much.
    pub(super) fn reached(&self, position: i64, of: i64) {
        let of = of.max(position);
        if let Some(bar) = &self.bar {
            bar.set_length(unsigned(of));
            bar.set_position(unsigned(position));
            return;
        }
        let part = position.saturating_mul(PARTS) / of.max(1);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if part > *told {
            *told = part;
            line(&words(self.what, (position, of), self.begun.elapsed()));
        }
    }

    /// Something besides.
    pub(super) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| line(text)),
            None => line(text),
        }
    }

    /// It has come to its end.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(text: &str) {
    // Nobody reads: there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The line, with the rate and the time that is left at that rate.
fn words(what: &str, (position, of): (i64, i64), took: Duration) -> String {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = unsigned(position).saturating_mul(1_000) / millis;
    let left = unsigned(of - position) / rate.max(1);
    format!("{what}: {position} of {of} facts, {rate} a second, {left} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_rate_and_what_is_left_of_the_time() {
        let line = words("growing", (2_000, 10_000), Duration::from_secs(4));
        assert_eq!(line, "growing: 2000 of 10000 facts, 500 a second, 16 s left");
        assert_eq!(
            words("growing", (0, 0), Duration::ZERO),
            "growing: 0 of 0 facts, 0 a second, 0 s left"
        );
    }
}
