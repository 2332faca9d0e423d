//! How many notices may be on their way to one webhook: the more, the quicker it answers.
//!
//! A receiver that hangs holds what is on its way to it for the whole of its time, so it is left with one.

use std::collections::HashMap;
use std::time::Duration;

/// An answer that takes longer than this keeps others waiting.
const SLOW: Duration = Duration::from_secs(2);

/// What anybody may have at first.
const FIRST: usize = 2;

/// What each webhook may have on its way.
#[derive(Debug)]
pub(super) struct Allowances {
    most: usize,
    /// Of those who have another than the first.
    learnt: HashMap<String, usize>,
}

impl Allowances {
    /// Out of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        Self { most: (workers / 4).max(1), learnt: HashMap::new() }
    }

    /// What anybody may have of whom nothing is known.
    pub(super) fn first(&self) -> usize {
        FIRST.min(self.most)
    }

    /// What this webhook may have.
    pub(super) fn of(&self, webhook: &str) -> usize {
        self.learnt.get(webhook).copied().unwrap_or(self.first())
    }

    /// Those who may have another number than the first.
    pub(super) fn learnt(&self) -> impl Iterator<Item = &String> {
        self.learnt.keys()
    }

    /// A notice to this webhook has taken so long.
    pub(super) fn learn(&mut self, webhook: &str, took: Duration) {
        let next = if took < SLOW { (self.of(webhook) * 2).min(self.most) } else { 1 };
        if next == self.first() {
            self.learnt.remove(webhook);
        } else {
            self.learnt.insert(webhook.to_owned(), next);
        }
    }

    /// Nothing is known of those to whom nothing is on the way: else the memory would grow for ever.
    pub(super) fn forget_all_but(&mut self, known: impl Fn(&str) -> bool) {
        self.learnt.retain(|webhook, _| known(webhook));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_quick_gets_more_up_to_a_quarter_of_the_workers() {
        let mut allowances = Allowances::new(64);
        let mut each = Vec::new();
        for _ in 0..5 {
            each.push(allowances.of("a"));
            allowances.learn("a", Duration::from_millis(5));
        }
        assert_eq!(each, [2, 4, 8, 16, 16]);
        assert_eq!(allowances.of("b"), 2);
    }

    #[test]
    fn who_hangs_is_left_with_one_and_may_recover() {
        let mut allowances = Allowances::new(64);
        allowances.learn("a", SLOW);
        assert_eq!(allowances.of("a"), 1);
        allowances.learn("a", Duration::ZERO);
        assert_eq!((allowances.of("a"), allowances.learnt().count()), (2, 0));
    }
}
