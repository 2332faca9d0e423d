//! So many mails a second and no more, evenly spaced.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Gives out moments at least so far apart.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// None for a rate that is no rate.
    pub(super) fn new(per_second: f64) -> Option<Self> {
        let interval = Duration::try_from_secs_f64(per_second.recip()).ok()?;
        Some(Self { interval, next: Mutex::new(None) })
    }

    /// Waits for one's turn. Who stops waiting leaves the turn unused.
    pub(super) async fn turn(&self) {
        let turn = self.turn_at(Instant::now());
        sleep_until(turn).await;
    }

    /// True if nobody who came now would have to wait.
    pub(super) fn is_at_rest(&self, now: Instant) -> bool {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|next| next <= now)
    }

    fn turn_at(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = turn.checked_add(self.interval);
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    #[test]
    fn turns_are_evenly_spaced_and_unused_time_is_not_saved_up() {
        let pace = Pace::new(4.0).unwrap();
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(pace.turn_at(start), start);
        assert_eq!(pace.turn_at(start), after(250));
        assert_eq!(pace.turn_at(after(100)), after(500));
        assert_eq!(pace.turn_at(after(9_000)), after(9_000));
        assert_eq!(pace.turn_at(after(9_000)), after(9_250));
    }

    #[test]
    fn it_is_at_rest_once_nobody_would_wait() {
        let pace = Pace::new(1.0).unwrap();
        let start = Instant::now();
        assert!(pace.is_at_rest(start));
        pace.turn_at(start);
        assert!(!pace.is_at_rest(start));
        assert!(pace.is_at_rest(start + Duration::from_secs(1)));
    }

    #[test]
    fn a_rate_that_is_no_rate_gives_no_pace() {
        assert!(Pace::new(-1.0).is_none());
        assert!(Pace::new(0.0).is_none());
        assert!(Pace::new(f64::NAN).is_none());
    }
}
