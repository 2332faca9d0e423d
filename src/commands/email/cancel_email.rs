//! An email is withdrawn before it leaves.

use super::{Email, EmailState, Stage};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::email::{CancelReason, Withdrawn};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{Address, EmailId, Personal, TenantId, Timestamp};

/// Asks that an email be withdrawn.
#[derive(Clone, Copy, Debug)]
pub struct CancelEmail {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// Because.
    pub reason: Because,
}

/// Who wants it withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// A caller.
    Asked,
    /// The tenant is deleted, and no worker holds the email: what has been tried already is withdrawn
    /// too, also what a worker left behind when it died.
    TenantDeleted,
}

/// Why an email can no longer be withdrawn.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such email")]
    NotFound,
    /// A worker has it, or had it: it may be on the wire already.
    #[error("its delivery has already started")]
    AlreadyStarted,
}

impl Command for CancelEmail {
    type State = EmailState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::email(self.tenant, self.email)
    }

    fn decide(
        &self,
        state: &EmailState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        let email = state.known().ok_or(Refusal::NotFound)?;
        let mut events = Vec::new();
        match (email.stage, self.reason) {
            (Stage::Done, _) if email.attempts == 0 => return Ok(Decision::already()),
            (Stage::Done, _) | (Stage::Sending { .. }, Because::Asked) => {
                return Err(Refusal::AlreadyStarted);
            }
            (Stage::Waiting, Because::Asked) if email.attempts > 0 => {
                return Err(Refusal::AlreadyStarted);
            }
            // Nobody will ever claim it again: without this it would have no outcome for good.
            (Stage::Sending { .. }, Because::TenantDeleted) => {
                events.push(EmailEvent::DeliveryInterrupted { attempt: email.attempts });
            }
            (Stage::Waiting, Because::Asked | Because::TenantDeleted) => {}
        }
        let reason = match self.reason {
            Because::Asked => CancelReason::Requested,
            Because::TenantDeleted => CancelReason::TenantDeleted,
        };
        events.push(cancelled(email, reason));
        let facts = events.into_iter().map(|e| Fact::Email(self.tenant, self.email, e));
        Ok(Decision::of(facts.collect()))
    }
}

fn cancelled(email: &Email, reason: CancelReason) -> EmailEvent {
    let recipients = email.pending.iter().map(|pending| pending.key.clone()).collect();
    // Of one email either all addresses are known or none.
    let known = email.pending.iter().map(|pending| pending.address.known().cloned());
    let known: Option<Vec<Address>> = known.collect();
    let personal =
        known.map_or(Personal::Erased, |recipients| Personal::Known(Withdrawn { recipients }));
    EmailEvent::Cancelled { reason, recipients, personal }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::{given, now};
    use crate::events::email::Trouble;
    use crate::values::Roll;

    fn cancel(sent: &SendEmail, reason: Because) -> CancelEmail {
        CancelEmail { tenant: sent.tenant, email: sent.email, reason }
    }

    fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    fn cancelled(sent: &SendEmail, reason: CancelReason) -> Fact {
        let addresses = sent.recipients.all().map(|(_, to)| to.address.clone()).collect();
        let personal = Personal::Known(Withdrawn { recipients: addresses });
        let recipients = Roll::of(&sent.recipients).all().map(|(_, key)| key).collect();
        fact(sent, EmailEvent::Cancelled { reason, recipients, personal })
    }

    #[test]
    fn cancelling_twice_is_cancelling_once() {
        let sent = send(Some("a@acme.com"));
        let gone = cancelled(&sent, CancelReason::Requested);
        let command = cancel(&sent, Because::Asked);
        given([accepted(&sent)]).when(&command).then(std::slice::from_ref(&gone));
        given([accepted(&sent), gone]).when(&command).then(&[]);
    }

    #[test]
    fn an_email_that_a_worker_has_cannot_be_cancelled() {
        let sent = send(Some("a@acme.com"));
        let started = EmailEvent::DeliveryStarted { attempt: 1, lease: Uuid::nil(), fence: 1 };
        given([accepted(&sent), fact(&sent, started)])
            .when(&cancel(&sent, Because::Asked))
            .then_refused(&Refusal::AlreadyStarted);
    }

    #[test]
    fn what_waits_for_another_try_is_withdrawn_with_its_tenant_only() {
        let sent = send(Some("a@acme.com"));
        let past = || {
            let started = EmailEvent::DeliveryStarted { attempt: 1, lease: Uuid::nil(), fence: 1 };
            let personal = Personal::Known(Trouble { reason: "later".to_owned() });
            let later = EmailEvent::DeliveryRescheduled { next_attempt_at: now(), personal };
            [accepted(&sent), fact(&sent, started), fact(&sent, later)]
        };
        given(past()).when(&cancel(&sent, Because::Asked)).then_refused(&Refusal::AlreadyStarted);
        given(past())
            .when(&cancel(&sent, Because::TenantDeleted))
            .then(&[cancelled(&sent, CancelReason::TenantDeleted)]);
    }

    #[test]
    fn what_a_dead_worker_left_behind_is_withdrawn_with_its_tenant() {
        let sent = send(Some("a@acme.com"));
        let started = EmailEvent::DeliveryStarted { attempt: 1, lease: Uuid::nil(), fence: 1 };
        given([accepted(&sent), fact(&sent, started)])
            .when(&cancel(&sent, Because::TenantDeleted))
            .then(&[
                fact(&sent, EmailEvent::DeliveryInterrupted { attempt: 1 }),
                cancelled(&sent, CancelReason::TenantDeleted),
            ]);
    }

    #[test]
    fn what_never_was_cannot_be_cancelled() {
        let sent = send(None);
        given([]).when(&cancel(&sent, Because::Asked)).then_refused(&Refusal::NotFound);
    }
}
