//! How many mails of a tenant may be on their way at once: the more, the quicker they end.
//!
//! A relay that hangs holds its tenant's mails for minutes. If each tenant might have half of all
//! workers, two such relays would stop everybody's mail. So each tenant begins with a few, gets more
//! while its mails end quickly, and loses them when they do not: of a relay that has never been quick,
//! a sixteenth of the workers may hang, or two where there are few.

use std::collections::HashMap;
use std::time::Duration;

/// A mail that takes longer than this keeps others waiting.
const SLOW: Duration = Duration::from_secs(5);

/// What each tenant may have on its way.
#[derive(Debug)]
pub(super) struct Allowances {
    first: usize,
    most: usize,
    /// Of those who have more than the first.
    grown: HashMap<String, usize>,
}

impl Allowances {
    /// Out of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        let most = (workers / 2).max(1);
        Self { first: (workers / 16).max(2).min(most), most, grown: HashMap::new() }
    }

    /// What anybody may have.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// What this tenant may have.
    pub(super) fn of(&self, tenant: &str) -> usize {
        self.grown.get(tenant).copied().unwrap_or(self.first)
    }

    /// A mail of this tenant has taken so long.
    pub(super) fn learn(&mut self, tenant: &str, took: Duration) {
        let now = self.of(tenant);
        let next = if took < SLOW { (now * 2).min(self.most) } else { now / 2 };
        if next > self.first {
            self.grown.insert(tenant.to_owned(), next);
        } else {
            self.grown.remove(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_quick_gets_more_up_to_half_of_the_workers() {
        let mut allowances = Allowances::new(32);
        let mut each = Vec::new();
        for _ in 0..4 {
            each.push(allowances.of("a"));
            allowances.learn("a", Duration::from_millis(50));
        }
        each.push(allowances.of("a"));
        assert_eq!(each, [2, 4, 8, 16, 16]);
        assert_eq!(allowances.of("b"), 2);
    }

    #[test]
    fn who_is_slow_loses_what_was_gained_but_never_the_first() {
        let mut allowances = Allowances::new(32);
        for _ in 0..3 {
            allowances.learn("a", Duration::ZERO);
        }
        for left in [8, 4, 2, 2] {
            allowances.learn("a", SLOW);
            assert_eq!(allowances.of("a"), left);
        }
    }

    #[test]
    fn a_few_workers_are_still_shared() {
        assert_eq!(Allowances::new(1).of("a"), 1);
        assert_eq!(Allowances::new(2).of("a"), 1);
        assert_eq!(Allowances::new(4).of("a"), 2);
    }
}
