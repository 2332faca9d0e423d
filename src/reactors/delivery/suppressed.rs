//! Who of those that a mail is still to reach is on its tenant's suppression list: looked up at the departure, so
//! that scheduled mail and later tries are covered too, and taking a mail in costs nothing.

use std::collections::HashMap;

use super::Delivery;
use super::attempt::Subject;
use crate::commands::email::{Pending, RecipientOutcome};
use crate::projections::suppressions;
use crate::values::{SuppressionId, SuppressionReason};

/// Those of a mail's recipients to whom it does not go, and why.
pub(super) type Suppressed = Vec<(Pending, SuppressionReason)>;

impl Delivery {
    /// Looks up all recipients of these mails with one question; what cannot be looked up now is asked for again
    /// by the mail itself.
    pub(super) async fn with_suppressed<K>(&self, subjects: &mut HashMap<K, Subject>) {
        let mut all: Vec<&mut Subject> = subjects.values_mut().collect();
        if let Err(error) = self.look_up(&mut all).await {
            tracing::debug!(%error, "the suppression list cannot be read at once");
        }
    }

    /// The same for one mail, if it is not known yet.
    pub(super) async fn suppressed(&self, subject: &mut Subject) -> sqlx::Result<()> {
        if subject.suppressed.is_some() { Ok(()) } else { self.look_up(&mut [subject]).await }
    }

    async fn look_up(&self, subjects: &mut [&mut Subject]) -> sqlx::Result<()> {
        let named: Vec<Vec<(SuppressionId, Pending)>> =
            subjects.iter().map(|subject| self.named(subject)).collect();
        let ids: Vec<SuppressionId> = named.iter().flatten().map(|(id, _)| *id).collect();
        let reasons = suppressions::reasons(&self.pool, &ids).await?;
        for (subject, named) in subjects.iter_mut().zip(named) {
            let on_it = named.into_iter().filter_map(|(id, to)| Some((to, *reasons.get(&id)?)));
            subject.suppressed = Some(on_it.collect());
        }
        Ok(())
    }

    /// Whoever is erased has no name by which to be looked up, and gets nothing anyway.
    fn named(&self, subject: &Subject) -> Vec<(SuppressionId, Pending)> {
        let named = |to: &Pending| {
            let id = SuppressionId::of(&self.secrets, subject.tenant, to.address.known()?);
            Some((id, to.clone()))
        };
        subject.pending().iter().filter_map(named).collect()
    }
}

/// What is told of those to whom it does not go.
pub(super) fn left_out(suppressed: &Suppressed) -> Vec<(Pending, RecipientOutcome)> {
    let each = suppressed.iter();
    each.map(|(to, reason)| (to.clone(), RecipientOutcome::Suppressed { reason: *reason }))
        .collect()
}
