//! What decisions know of an address on a suppression list.

use crate::commands::State;
use crate::events::suppression::SuppressionAdded;
use crate::events::{Fact, Recorded, SuppressionEvent};
use crate::values::{EmailId, Timestamp};

/// An address' past on the list, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuppressionState {
    on_it: Option<(SuppressionAdded, Timestamp)>,
    last_cause: Option<EmailId>,
}

impl SuppressionState {
    /// How and when it came on the list, if it is there.
    pub fn on_it(&self) -> Option<(&SuppressionAdded, Timestamp)> {
        self.on_it.as_ref().map(|(added, at)| (added, *at))
    }

    /// True if this mail has brought it there last, also if it was taken off since.
    pub fn was_caused_by(&self, email: EmailId) -> bool {
        self.last_cause == Some(email)
    }
}

impl State for SuppressionState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Suppression(_, _, event) = &recorded.fact else { return };
        match event {
            SuppressionEvent::Added(added) => {
                self.last_cause = added.email.or(self.last_cause);
                self.on_it = Some((added.clone(), recorded.at));
            }
            SuppressionEvent::Removed => self.on_it = None,
        }
    }
}
