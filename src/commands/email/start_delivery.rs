//! A worker takes an email: on disk before the first byte goes out.

use uuid::Uuid;

use super::{EmailState, Stage};
use crate::commands::tenant::TenantState;
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
}

impl Command for StartDelivery {
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
        match email.stage {
            Stage::Done => return Err(Refusal::Done),
            Stage::Sending { lease } if lease == self.lease => return Ok(Decision::already()),
            // Its worker died or lost it; the relay may have the mail. Let the timeline say so.
            Stage::Sending { .. } => {
                events.push(EmailEvent::DeliveryInterrupted { attempt: email.attempts });
            }
            Stage::Waiting => {}
        }
        let attempt = email.attempts + 1;
        events.push(EmailEvent::DeliveryStarted { attempt, lease: self.lease });
        let facts = events.into_iter().map(|e| Fact::Email(self.tenant, self.email, e));
        Ok(Decision::of(facts.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::given;

    const MINE: Uuid = Uuid::from_u128(1);
    const THEIRS: Uuid = Uuid::from_u128(2);

    fn started(sent: &SendEmail, attempt: u32, lease: Uuid) -> Fact {
        Fact::Email(sent.tenant, sent.email, EmailEvent::DeliveryStarted { attempt, lease })
    }

    fn start(sent: &SendEmail) -> StartDelivery {
        StartDelivery { tenant: sent.tenant, email: sent.email, lease: MINE }
    }

    #[test]
    fn a_waiting_email_is_taken() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent)]).when(&start(&sent)).then(&[started(&sent, 1, MINE)]);
    }

    #[test]
    fn taking_it_from_a_worker_that_died_says_that_it_may_have_left() {
        let sent = send(Some("a@acme.com"));
        let interrupted = EmailEvent::DeliveryInterrupted { attempt: 1 };
        given([accepted(&sent), started(&sent, 1, THEIRS)])
            .when(&start(&sent))
            .then(&[Fact::Email(sent.tenant, sent.email, interrupted), started(&sent, 2, MINE)]);
    }

    #[test]
    fn taking_it_twice_under_one_lease_is_taking_it_once() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent), started(&sent, 1, MINE)]).when(&start(&sent)).then(&[]);
    }
}
