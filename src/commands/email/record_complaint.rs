//! A report says that a recipient has called an email spam.

use super::EmailState;
use super::record_bounce::Refusal;
use super::record_delivery::sayable;
use super::reported::{Found, find};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::email::Remark;
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{Address, EmailId, FeedbackType, TenantId, Timestamp};

/// Tells of a complaint.
#[derive(Clone, Debug)]
pub struct RecordComplaint {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// Under which addresses the report knows who complains.
    pub named: Vec<Address>,
    /// What kind of complaint it is.
    pub feedback: FeedbackType,
    /// Who reports it.
    pub reporter: String,
}

impl Command for RecordComplaint {
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
        let reached = match find(email, &self.named) {
            Found::Reached(reached) if !email.complained.contains(&reached.key) => reached,
            Found::Reached(_) | Found::Nobody => return Ok(Decision::already()),
            Found::Early => return Err(Refusal::TooEarly),
        };
        let (recipient, feedback) = (reached.key.clone(), self.feedback);
        let personal = reached.address.map(|address| Remark {
            recipient: address.clone(),
            message: sayable(&format!("reported as {feedback} by {}", self.reporter)),
        });
        let complained = EmailEvent::ComplaintReceived { recipient, feedback, personal };
        Ok(Decision::of(vec![Fact::Email(self.tenant, self.email, complained)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::record_bounce::tests::{delivered, fact, remark};
    use crate::commands::email::send_email::tests::send;
    use crate::commands::testing::given;
    use crate::values::RecipientKey;

    fn record(sent: &SendEmail, named: &str) -> RecordComplaint {
        RecordComplaint {
            tenant: sent.tenant,
            email: sent.email,
            named: vec![named.parse().unwrap()],
            feedback: FeedbackType::Abuse,
            reporter: "Reporter/1.0".to_owned(),
        }
    }

    #[test]
    fn each_recipient_complains_once() {
        let sent = send(Some("a@acme.com"));
        let personal = remark("ann@example.org", "reported as abuse by Reporter/1.0");
        let (recipient, feedback) = (RecipientKey::Place(0), FeedbackType::Abuse);
        let event = EmailEvent::ComplaintReceived { recipient, feedback, personal };
        let complained = fact(&sent, event);
        let asked = record(&sent, "ann@example.org");
        given(delivered(&sent)).when(&asked).then(std::slice::from_ref(&complained));
        given(delivered(&sent).into_iter().chain([complained])).when(&asked).then(&[]);
    }

    #[test]
    fn whom_the_mail_was_not_for_cannot_complain_of_it() {
        let sent = send(Some("a@acme.com"));
        given(delivered(&sent)).when(&record(&sent, "eve@example.org")).then(&[]);
    }
}
