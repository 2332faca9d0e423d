//! What an email said is forgotten; that it was sent, and what became of it, is not.

use super::{EmailState, Stage};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{EmailId, TenantId, Timestamp};

/// Asks that an email's bodies and attachments be removed.
#[derive(Clone, Copy, Debug)]
pub struct RemoveContent {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
}

/// Why they are kept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such email")]
    NotFound,
    /// They are still to be delivered.
    #[error("its delivery has not ended: withdraw it, or wait until everybody has an outcome")]
    NotEnded,
}

impl Command for RemoveContent {
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
        match email.stage {
            Stage::Waiting | Stage::Sending { .. } => Err(Refusal::NotEnded),
            Stage::Done if email.content_removed => Ok(Decision::already()),
            Stage::Done => {
                let digest = email.accepted.content.digest.clone();
                let event = EmailEvent::ContentRemoved { digest };
                Ok(Decision::of(vec![Fact::Email(self.tenant, self.email, event)]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::{given, now};
    use crate::events::email::CancelReason;
    use crate::values::Personal;

    fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    fn ended(sent: &SendEmail) -> Fact {
        let recipients = Vec::new();
        let (reason, personal) = (CancelReason::Requested, Personal::Erased);
        fact(sent, EmailEvent::Cancelled { reason, recipients, personal })
    }

    fn remove(sent: &SendEmail) -> RemoveContent {
        RemoveContent { tenant: sent.tenant, email: sent.email }
    }

    #[test]
    fn what_has_ended_is_forgotten_once() {
        let sent = send(Some("a@acme.com"));
        let digest = sent.content.digest.clone();
        let removed = fact(&sent, EmailEvent::ContentRemoved { digest });
        let past = || [accepted(&sent), ended(&sent)];
        given(past()).when(&remove(&sent)).then(std::slice::from_ref(&removed));
        given(past().into_iter().chain([removed])).when(&remove(&sent)).then(&[]);
    }

    #[test]
    fn what_is_still_to_be_delivered_is_kept() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent)]).when(&remove(&sent)).then_refused(&Refusal::NotEnded);
    }

    #[test]
    fn what_never_was_says_nothing() {
        let sent = send(Some("a@acme.com"));
        let command = RemoveContent { tenant: TenantId::at(now()), email: sent.email };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
