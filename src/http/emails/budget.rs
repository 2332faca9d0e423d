//! What all mails of one batch may cost together: each alone is bounded, and five hundred of them are too much.

use std::time::{Duration, Instant};

use crate::http::body::LARGEST;
use crate::http::problem::Problem;

/// Sealed contents, in bytes: as much as a body may hold, and some words around each of its mails.
const MOST_BYTES: usize = LARGEST + 64 * 1024;

/// Filling templates.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a batch may still cost.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MOST_BYTES, time: PATIENCE }
    }
}

impl Budget {
    /// Does what may take long, unless what was done before took all the time.
    pub(super) fn timed<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, Problem> {
        if self.bytes == 0 || self.time.is_zero() {
            return Err(spent());
        }
        let begun = Instant::now();
        let done = work();
        self.time = self.time.saturating_sub(begun.elapsed());
        Ok(done)
    }

    /// Takes in so many bytes. Of what comes after a mail that does not fit nothing else is rendered.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(0);
        left.map(|_| ()).ok_or_else(spent)
    }
}

fn spent() -> Problem {
    Problem::too_large(
        "the templates of this batch render to more than 36 MiB, or take too long: send this in another",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_then_nothing_is_rendered() {
        let mut budget = Budget::default();
        for _ in 0..36 {
            assert!(budget.hold(1024 * 1024).is_ok());
        }
        assert_eq!(budget.timed(|| 7).unwrap(), 7);
        assert_eq!(budget.hold(1024 * 1024).unwrap_err().code, "too_large");
        assert_eq!(budget.timed(|| 7).unwrap_err().code, "too_large");
        assert!(budget.hold(1).is_err());
    }

    #[test]
    fn no_work_is_begun_once_the_time_is_used_up() {
        let mut budget = Budget { bytes: 1, time: Duration::from_nanos(1) };
        assert!(budget.timed(|| vec![0; 100_000].len()).is_ok());
        assert!(budget.timed(|| unreachable!()).is_err_and(|no: Problem| no.code == "too_large"));
    }
}
