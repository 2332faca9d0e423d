//! A report says that an email which the relay had taken did not arrive.

use super::EmailState;
use super::record_delivery::sayable;
use super::reported::{Found, find};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::email::Remark;
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{Address, EmailId, EnhancedStatus, RecipientKey, TenantId, Timestamp};

/// Tells what a report says of an email's recipients.
#[derive(Clone, Debug)]
pub struct RecordBounce {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// To whom it did not get, and never will.
    pub failed: Vec<FailedRecipient>,
}

/// Somebody whom an email did not reach, as the report has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecipient {
    /// Under which addresses it is known.
    pub named: Vec<Address>,
    /// Why.
    pub status: EnhancedStatus,
    /// What the last relay answered.
    pub message: String,
}

/// Why it is not recorded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email.
    #[error("there is no such email")]
    NotFound,
    /// What the relay said is not recorded yet: the report must come again.
    #[error("the email is still on its way")]
    TooEarly,
}

impl Command for RecordBounce {
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
        let mut told: Vec<RecipientKey> = Vec::new();
        let mut facts = Vec::new();
        for FailedRecipient { named, status, message } in &self.failed {
            let reached = match find(email, named) {
                Found::Reached(reached) if !told.contains(&reached.key) => reached,
                Found::Reached(_) | Found::Nobody => continue,
                Found::Early => return Err(Refusal::TooEarly),
            };
            told.push(reached.key.clone());
            // The address is what was sent to: whatever else the report names is none of the tenant's business.
            let personal = reached
                .address
                .map(|address| Remark { recipient: address.clone(), message: sayable(message) });
            let (recipient, status) = (reached.key.clone(), *status);
            let bounced = EmailEvent::BounceReceived { recipient, status, personal };
            facts.push(Fact::Email(self.tenant, self.email, bounced));
        }
        Ok(Decision::of(facts))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::given;
    use crate::values::Personal;

    pub(in crate::commands::email) fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    pub(in crate::commands::email) fn remark(to: &str, message: &str) -> Personal<Remark> {
        let message = message.to_owned();
        Personal::Known(Remark { recipient: to.parse().unwrap(), message })
    }

    /// Ann is the first recipient, and Bob the second.
    pub(in crate::commands::email) fn delivered(sent: &SendEmail) -> [Fact; 4] {
        let reached = |place: u32, to: &str| {
            let (recipient, personal) = (RecipientKey::Place(place), remark(to, "ok"));
            fact(sent, EmailEvent::RecipientDelivered { recipient, personal })
        };
        let lease = Uuid::from_u128(1);
        let started = EmailEvent::DeliveryStarted { attempt: 1, lease, fence: 1 };
        [
            accepted(sent),
            fact(sent, started),
            reached(0, "ann@example.org"),
            reached(1, "bob@example.org"),
        ]
    }

    fn bounced(sent: &SendEmail, place: u32, to: &str) -> Fact {
        let (recipient, personal) = (RecipientKey::Place(place), remark(to, "no such user"));
        let status = "5.1.1".parse().unwrap();
        fact(sent, EmailEvent::BounceReceived { recipient, status, personal })
    }

    fn record(sent: &SendEmail, named: &[&str]) -> RecordBounce {
        let failed = named.iter().map(|to| FailedRecipient {
            named: vec![to.parse().unwrap()],
            status: "5.1.1".parse().unwrap(),
            message: "no such user".to_owned(),
        });
        RecordBounce { tenant: sent.tenant, email: sent.email, failed: failed.collect() }
    }

    #[test]
    fn whom_the_report_names_has_bounced_and_nobody_else() {
        let sent = send(Some("a@acme.com"));
        given(delivered(&sent))
            .when(&record(&sent, &["BOB@example.org", "eve@example.org"]))
            .then(&[bounced(&sent, 1, "bob@example.org")]);
    }

    #[test]
    fn a_recipient_bounces_once() {
        let sent = send(Some("a@acme.com"));
        let twice = record(&sent, &["bob@example.org", "bob@example.org"]);
        let bob = bounced(&sent, 1, "bob@example.org");
        given(delivered(&sent)).when(&twice).then(std::slice::from_ref(&bob));
        given(delivered(&sent).into_iter().chain([bob])).when(&twice).then(&[]);
    }

    #[test]
    fn a_report_that_is_quicker_than_our_own_fact_must_come_again() {
        let sent = send(Some("a@acme.com"));
        let past = delivered(&sent).into_iter().take(3);
        given(past)
            .when(&record(&sent, &["ann@example.org", "bob@example.org"]))
            .then_refused(&Refusal::TooEarly);
    }

    #[test]
    fn what_is_told_after_the_erasure_names_nobody() {
        let sent = send(Some("a@acme.com"));
        let mut past = delivered(&sent);
        for fact in &mut past {
            let Fact::Email(_, _, event) = fact else { panic!("an email") };
            event.erase();
        }
        given(past).when(&record(&sent, &["bob@example.org"])).then(&[]);
    }

    #[test]
    fn there_must_be_such_an_email() {
        let sent = send(Some("a@acme.com"));
        given([]).when(&record(&sent, &[])).then_refused(&Refusal::NotFound);
    }
}
