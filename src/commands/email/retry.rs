//! After which failure an email is tried again, and when no more.

use std::time::Duration;

use crate::values::Timestamp;

/// How patient we are with relays that say "later".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// How often an email is tried again.
    pub attempts: u32,
    /// The first wait; the second is five times, each further one thirty times as long.
    pub delay: Duration,
}

impl RetrySchedule {
    /// When to try again after having put it back so many times; none: no more.
    pub fn next(&self, put_back: u32, now: Timestamp) -> Option<Timestamp> {
        if put_back >= self.attempts {
            return None;
        }
        let times = match put_back {
            0 => 1,
            1 => 5,
            _ => 30,
        };
        Some(now.plus(self.delay.saturating_mul(times)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::now;

    #[test]
    fn after_one_five_and_thirty_minutes_and_then_no_more() {
        let schedule = RetrySchedule { attempts: 3, delay: Duration::from_secs(60) };
        let waits: Vec<_> = (0..4)
            .map(|put_back| schedule.next(put_back, now()).map(|at| at.since(now()).as_secs()))
            .collect();
        assert_eq!(waits, [Some(60), Some(300), Some(1800), None]);
    }
}
