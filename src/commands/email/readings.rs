//! What was seen of an email's reading, and how much of it is still written down.

use std::collections::HashMap;
use std::time::Duration;

use crate::events::EmailEvent;
use crate::values::{RecipientKey, Timestamp};

/// Whoever fetches the same again so soon is not written down again: programs fetch in bursts.
const APART: Duration = Duration::from_secs(60);

/// So many facts of each sort an email can come to: a link is open to everybody who knows it, and the log
/// keeps what it is told for ever.
const MOST: u32 = 100;

/// What was fetched: by whom, if that is known, and which link or the pixel.
type Fetched = (Option<RecipientKey>, Option<u32>);

/// What was seen of an email's reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    opens: u32,
    clicks: u32,
    last: HashMap<Fetched, Timestamp>,
}

impl Readings {
    /// Takes in one more fact.
    pub(super) fn live(&mut self, event: &EmailEvent, at: Timestamp) {
        if let EmailEvent::Opened { recipient, .. } = event {
            self.opens += 1;
            self.last.insert((recipient.clone(), None), at);
        }
        if let EmailEvent::Clicked { recipient, link, .. } = event {
            self.clicks += 1;
            self.last.insert((recipient.clone(), Some(*link)), at);
        }
    }

    /// Whether this is still to be written down.
    pub(super) fn has_room(&self, what: &Fetched, now: Timestamp) -> bool {
        let count = if what.1.is_some() { self.clicks } else { self.opens };
        count < MOST && self.last.get(what).is_none_or(|last| last.plus(APART) <= now)
    }
}
