//! A worker takes an email: on disk before the first byte goes out.

use uuid::Uuid;

use super::{EmailState, Stage};
use crate::commands::tenant::{Standing, TenantState};
use crate::commands::{Command, Decision};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{EmailId, TenantId, Timestamp};

/// Asks for an email on behalf of a worker that holds its lease.
#[derive(Clone, Copy, Debug)]
pub struct StartDelivery {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// The worker's lease.
    pub lease: Uuid,
    /// How often the email had been claimed when the worker got it.
    pub fence: u32,
}

/// Why the worker does not get it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email.
    #[error("there is no such email")]
    NotFound,
    /// There is nothing left to deliver.
    #[error("everybody has an outcome already")]
    Done,
    /// The worker's lease ran out, and another has taken the email since.
    #[error("another worker has taken it meanwhile")]
    LeaseLost,
    /// The tenant was suspended or deleted since the email was claimed: it waits, or is withdrawn.
    #[error("its tenant does not send at present")]
    TenantStopped,
}

impl Command for StartDelivery {
    type State = EmailState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::email(self.tenant, self.email)
    }

    /// So nothing leaves after the suspension or deletion is in the log, not even in a race.
    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        state: &EmailState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        let email = state.known().ok_or(Refusal::NotFound)?;
        if tenant.living().is_none_or(|tenant| tenant.standing != Standing::Active) {
            return Err(Refusal::TenantStopped);
        }
        let mut events = Vec::new();
        match email.stage {
            Stage::Done => return Err(Refusal::Done),
            Stage::Sending { lease } if lease == self.lease => return Ok(Decision::already()),
            // A worker that slept through its lease must not steal the email back.
            Stage::Sending { .. } | Stage::Waiting if self.fence <= email.fence => {
                return Err(Refusal::LeaseLost);
            }
            // Its worker died or lost it; the relay may have the mail. Let the timeline say so.
            Stage::Sending { .. } => {
                events.push(EmailEvent::DeliveryInterrupted { attempt: email.attempts });
            }
            Stage::Waiting => {}
        }
        let attempt = email.attempts + 1;
        events.push(EmailEvent::DeliveryStarted { attempt, lease: self.lease, fence: self.fence });
        let facts = events.into_iter().map(|e| Fact::Email(self.tenant, self.email, e));
        Ok(Decision::of(facts.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send, tenant};
    use crate::commands::testing::{given, now};
    use crate::events::TenantEvent;
    use crate::events::email::Trouble;
    use crate::values::Personal;

    const MINE: Uuid = Uuid::from_u128(1);
    const THEIRS: Uuid = Uuid::from_u128(2);

    fn acme(sent: &SendEmail) -> Fact {
        tenant(sent.tenant, Some("acme.com"))
    }

    fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    fn started(sent: &SendEmail, attempt: u32, lease: Uuid) -> Fact {
        fact(sent, EmailEvent::DeliveryStarted { attempt, lease, fence: attempt })
    }

    fn start(sent: &SendEmail, fence: u32) -> StartDelivery {
        StartDelivery { tenant: sent.tenant, email: sent.email, lease: MINE, fence }
    }

    #[test]
    fn a_waiting_email_is_taken() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent)])
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 1))
            .then(&[started(&sent, 1, MINE)]);
    }

    #[test]
    fn taking_it_from_a_worker_that_died_says_that_it_may_have_left() {
        let sent = send(Some("a@acme.com"));
        let interrupted = EmailEvent::DeliveryInterrupted { attempt: 1 };
        given([accepted(&sent), started(&sent, 1, THEIRS)])
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 2))
            .then(&[fact(&sent, interrupted), started(&sent, 2, MINE)]);
    }

    #[test]
    fn taking_it_twice_under_one_lease_is_taking_it_once() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent), started(&sent, 1, MINE)])
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 1))
            .then(&[]);
    }

    #[test]
    fn a_worker_that_slept_through_its_lease_does_not_steal_the_email_back() {
        let sent = send(Some("a@acme.com"));
        let past = || [accepted(&sent), started(&sent, 2, THEIRS)];
        given(past())
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 1))
            .then_refused(&Refusal::LeaseLost);
        given(past())
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 2))
            .then_refused(&Refusal::LeaseLost);
    }

    #[test]
    fn nor_does_it_take_what_the_other_has_put_back() {
        let sent = send(Some("a@acme.com"));
        let personal = Personal::Known(Trouble { reason: "busy".to_owned() });
        let put_back = EmailEvent::DeliveryRescheduled { next_attempt_at: now(), personal };
        let past = || [accepted(&sent), started(&sent, 2, THEIRS), fact(&sent, put_back.clone())];
        given(past())
            .and_tenant([acme(&sent)])
            .when(&start(&sent, 1))
            .then_refused(&Refusal::LeaseLost);
        let again = EmailEvent::DeliveryStarted { attempt: 3, lease: MINE, fence: 3 };
        given(past()).and_tenant([acme(&sent)]).when(&start(&sent, 3)).then(&[fact(&sent, again)]);
    }

    #[test]
    fn nothing_leaves_once_its_tenant_is_suspended_or_deleted() {
        let sent = send(Some("a@acme.com"));
        for stopped in [TenantEvent::Suspended, TenantEvent::Deleted] {
            given([accepted(&sent)])
                .and_tenant([acme(&sent), Fact::Tenant(sent.tenant, stopped)])
                .when(&start(&sent, 1))
                .then_refused(&Refusal::TenantStopped);
        }
    }
}
