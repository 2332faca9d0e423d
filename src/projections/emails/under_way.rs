//! Emails under way, kept in mind from piece to piece: most facts are about emails of a moment ago, which would
//! have to be read again each time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::progress::Progress;
use crate::values::EmailId;

/// So many are kept in mind; all others are read.
const MOST: usize = 20_000;

/// How far emails had come after some position of the log. It follows from the facts alone, whatever table they
/// are written to and whoever wrote them; that a transaction was undone is seen by where the next one begins.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    position: i64,
    emails: BTreeMap<EmailId, Progress>,
}

impl UnderWay {
    /// Gives what was kept after the fact just before this one.
    pub(super) fn before(&self, first: i64) -> BTreeMap<EmailId, Progress> {
        let kept = self.change(std::mem::take);
        if kept.position + 1 == first { kept.emails } else { BTreeMap::new() }
    }

    /// Keeps what was kept before, and of what has changed since that of which more is to be told, for whoever
    /// goes on after this fact.
    pub(super) fn keep(
        &self,
        last: i64,
        mut emails: BTreeMap<EmailId, Progress>,
        changed: impl IntoIterator<Item = (EmailId, Progress)>,
    ) {
        emails.extend(changed.into_iter().filter(|(_, progress)| progress.is_under_way()));
        while emails.len() > MOST {
            emails.pop_first();
        }
        self.change(|kept| *kept = Kept { position: last, emails });
    }

    /// Keeps nothing.
    pub(super) fn forget(&self) {
        self.change(|kept| *kept = Kept::default());
    }

    fn change<T>(&self, how: impl FnOnce(&mut Kept) -> T) -> T {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Timestamp;

    fn email(status: &str) -> (EmailId, Progress) {
        let now: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let progress = Progress {
            status: status.to_owned(),
            attempts: 0,
            next_attempt_at: None,
            last_error: None,
            updated_at: now.as_datetime(),
            recipients: Vec::new(),
        };
        (EmailId::at(now), progress)
    }

    #[test]
    fn whoever_goes_on_from_there_finds_what_was_kept_once() {
        let under_way = UnderWay::default();
        let emails = BTreeMap::from([email("queued"), email("sending")]);
        under_way.keep(10, BTreeMap::new(), emails.clone());
        assert_eq!(under_way.before(11), emails);
        assert_eq!(under_way.before(11), BTreeMap::new());
    }

    #[test]
    fn whoever_begins_elsewhere_finds_nothing() {
        for first in [1, 10, 12] {
            let under_way = UnderWay::default();
            under_way.keep(10, BTreeMap::new(), [email("queued")]);
            assert_eq!(under_way.before(first), BTreeMap::new(), "{first}");
            assert_eq!(under_way.before(11), BTreeMap::new(), "{first}");
        }
    }

    #[test]
    fn what_is_erased_or_has_come_to_its_end_is_not_kept() {
        let under_way = UnderWay::default();
        under_way.keep(10, BTreeMap::new(), [email("delivered"), email("cancelled")]);
        assert_eq!(under_way.before(11), BTreeMap::new());
        under_way.keep(10, BTreeMap::new(), [email("queued")]);
        under_way.forget();
        assert_eq!(under_way.before(11), BTreeMap::new());
    }

    #[test]
    fn of_too_many_the_newest_are_kept() {
        let under_way = UnderWay::default();
        let emails: BTreeMap<_, _> = (0..=MOST).map(|_| email("queued")).collect();
        let newest = emails.last_key_value().map(|(email, _)| *email);
        under_way.keep(10, BTreeMap::new(), emails);
        let kept = under_way.before(11);
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept.last_key_value().map(|(email, _)| *email), newest);
    }
}
