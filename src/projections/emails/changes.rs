//! What some facts make of the emails that they are about.

use std::collections::BTreeMap;

use super::progress::{Progress, RecipientRow};
use super::row::EmailRow;
use super::timeline::{Moment, moment};
use crate::events::{Fact, Recorded};
use crate::values::{EmailId, TenantId};

/// In the order of the emails' ids: rows that are neighbours in the tables are written one after the other.
#[derive(Default)]
pub(super) struct Changes {
    /// Emails that begin with these facts.
    pub(super) begun: BTreeMap<EmailId, EmailRow>,
    /// Emails that were there before.
    pub(super) known: BTreeMap<EmailId, Known>,
    /// What happened to all of them.
    pub(super) moments: Vec<(TenantId, EmailId, Moment)>,
}

/// What becomes of an email that was there before, and its recipients as they were then.
pub(super) struct Known {
    pub(super) now: Progress,
    pub(super) before: Vec<RecipientRow>,
}

impl Known {
    /// An email of which nothing new is told yet.
    pub(super) fn so_far(now: Progress) -> Self {
        Self { before: now.recipients.clone(), now }
    }
}

impl Changes {
    /// Takes in the next fact.
    pub(super) fn take_in(&mut self, recorded: &Recorded) {
        let Fact::Email(tenant, email, event) = &recorded.fact else { return };
        if let Some(row) = EmailRow::begin(recorded) {
            self.begun.insert(*email, row);
        } else if let Some(row) = self.begun.get_mut(email) {
            row.progress.live(event, recorded.at);
        } else if let Some(known) = self.known.get_mut(email) {
            known.now.live(event, recorded.at);
        }
        self.moments.extend(moment(recorded).map(|moment| (*tenant, *email, moment)));
    }
}
