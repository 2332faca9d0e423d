//! Somebody fetched an email's pixel or followed one of its links.

use std::net::IpAddr;

use super::EmailState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::email::{Reader, Visit};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{Personal, RecipientKey, Seen, TenantId, Timestamp, Trace};

/// Says what was seen of an email's reading.
#[derive(Clone, Debug)]
pub struct RecordReading {
    /// What was fetched.
    pub trace: Trace,
    /// From where.
    pub ip: Option<IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
}

/// Why it is not written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email, or its tenant is gone.
    #[error("there is no such email")]
    NotFound,
    /// It was sent without tracking this.
    #[error("this email is not tracked")]
    NotTracked,
}

impl Command for RecordReading {
    type State = EmailState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::email(self.trace.tenant, self.trace.email)
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.trace.tenant)
    }

    fn decide(
        &self,
        state: &EmailState,
        tenant: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        let email = state.known().ok_or(Refusal::NotFound)?;
        tenant.living().ok_or(Refusal::NotFound)?;
        let wanted = email.accepted.tracking.unwrap_or_default();
        let (wanted, link) = match &self.trace.seen {
            Seen::Opened => (wanted.opens, None),
            Seen::Clicked { link, .. } => (wanted.clicks, Some(u32::from(*link))),
        };
        if !wanted {
            return Err(Refusal::NotTracked);
        }
        let recipient = self.trace.recipient.map(|place| RecipientKey::Place(place.into()));
        // Of what nobody is to know any more, nothing new is written down; its links still lead on.
        if email.content_removed || !email.readings.has_room(&(recipient.clone(), link), now) {
            return Ok(Decision::already());
        }
        let everybody = email.accepted.everybody();
        let known = everybody.into_iter().find(|(_, key, _)| Some(key) == recipient.as_ref());
        let address = known.and_then(|(.., mailbox)| Some(mailbox.known()?.address.clone()));
        let (ip, user_agent) = (self.ip, self.user_agent.clone());
        let reader = Reader { recipient: address, ip, user_agent };
        let event = match &self.trace.seen {
            Seen::Opened => EmailEvent::Opened { recipient, personal: Personal::Known(reader) },
            Seen::Clicked { link, url } => {
                let personal = Personal::Known(Visit { url: url.clone(), reader });
                EmailEvent::Clicked { recipient, link: u32::from(*link), personal }
            }
        };
        Ok(Decision::of(vec![Fact::Email(self.trace.tenant, self.trace.email, event)]))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::commands::State;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send, tenant};
    use crate::commands::testing::{given, now};
    use crate::events::Recorded;
    use crate::values::TrackingWish;

    fn sent() -> SendEmail {
        let wish = TrackingWish { opens: Some(true), clicks: None };
        SendEmail { tracking: wish, ..send(Some("a@acme.com")) }
    }

    fn opened(sent: &SendEmail) -> RecordReading {
        let (tenant, email) = (sent.tenant, sent.email);
        let trace = Trace { tenant, email, recipient: None, seen: Seen::Opened };
        RecordReading { trace, ip: None, user_agent: Some("Reader".to_owned()) }
    }

    fn fact(sent: &SendEmail) -> Fact {
        let user_agent = Some("Reader".to_owned());
        let personal = Personal::Known(Reader { recipient: None, ip: None, user_agent });
        Fact::Email(sent.tenant, sent.email, EmailEvent::Opened { recipient: None, personal })
    }

    #[test]
    fn what_is_tracked_is_written_down_once_in_a_while() {
        let sent = sent();
        let acme = || tenant(sent.tenant, Some("acme.com"));
        given([accepted(&sent)]).and_tenant([acme()]).when(&opened(&sent)).then(&[fact(&sent)]);
        given([accepted(&sent), fact(&sent)]).and_tenant([acme()]).when(&opened(&sent)).then(&[]);
    }

    #[test]
    fn nobody_makes_the_log_grow_without_an_end() {
        let sent = sent();
        let (mut email, mut acme) = (EmailState::default(), TenantState::default());
        acme.evolve(&Recorded::imagined(tenant(sent.tenant, Some("acme.com")), now()));
        email.evolve(&Recorded::imagined(accepted(&sent), now()));
        let mut written = 0;
        for minute in 0..1_000 {
            let at = now().plus(Duration::from_secs(minute * 60));
            for fact in opened(&sent).decide(&email, &acme, at).unwrap().facts {
                email.evolve(&Recorded::imagined(fact, at));
                written += 1;
            }
        }
        assert_eq!(written, 100);
    }

    #[test]
    fn what_is_not_tracked_is_not_written_down() {
        let sent = sent();
        let mut clicked = opened(&sent);
        clicked.trace.seen = Seen::Clicked { link: 0, url: "https://a.example".to_owned() };
        given([accepted(&sent)])
            .and_tenant([tenant(sent.tenant, Some("acme.com"))])
            .when(&clicked)
            .then_refused(&Refusal::NotTracked);
        given([]).when(&opened(&sent)).then_refused(&Refusal::NotFound);
    }
}
