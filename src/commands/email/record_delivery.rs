//! A worker tells what came of an attempt, recipient by recipient.

use uuid::Uuid;

use super::{EmailState, Pending, RetrySchedule, Stage};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::email::{Remark, Trouble};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{EmailId, Personal, SuppressionReason, TenantId, Timestamp};

/// Tells the outcomes of an attempt.
#[derive(Clone, Debug)]
pub struct RecordDelivery {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// The lease under which it was tried.
    pub lease: Uuid,
    /// What came of it for whom, as the worker knew them when it took the email.
    pub outcomes: Vec<(Pending, RecipientOutcome)>,
    /// How patient we are.
    pub retry: RetrySchedule,
}

/// What came of an attempt for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientOutcome {
    /// The relay took it.
    Delivered {
        /// What it answered.
        response: String,
    },
    /// The relay will never take it.
    Bounced {
        /// The SMTP reply code.
        code: u16,
        /// What it answered.
        message: String,
    },
    /// Not now.
    Deferred {
        /// The SMTP reply code, if it spoke at all.
        code: Option<u16>,
        /// What went wrong.
        message: String,
        /// The relay may have taken it although we did not hear so.
        may_have_arrived: bool,
    },
    /// There is no sense in trying again.
    Failed {
        /// Why.
        message: String,
    },
    /// It was not tried: its address is on the suppression list.
    Suppressed {
        /// Why it is there.
        reason: SuppressionReason,
    },
}

/// Why it is not recorded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such email.
    #[error("there is no such email")]
    NotFound,
    /// Another worker has taken it meanwhile: what this one says counts no more.
    #[error("another worker has it now")]
    LeaseLost,
}

impl Command for RecordDelivery {
    type State = EmailState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::email(self.tenant, self.email)
    }

    fn decide(
        &self,
        state: &EmailState,
        _: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Refusal> {
        let email = state.known().ok_or(Refusal::NotFound)?;
        if email.stage != (Stage::Sending { lease: self.lease }) {
            return Err(Refusal::LeaseLost);
        }
        let again = self.retry.next(email.put_back, now);
        let mut pending = email.pending.clone();
        let mut events = Vec::new();
        let mut reason = None;
        for (recipient, outcome) in &self.outcomes {
            let Some(place) = pending.iter().position(|waits| waits.key == recipient.key) else {
                continue;
            };
            // What the log has forgotten meanwhile must not come back by a worker that remembers it.
            let recipient = &pending.swap_remove(place);
            if let RecipientOutcome::Deferred { message, .. } = outcome {
                reason = Some(sayable(message));
            }
            events.extend(facts_of(recipient, outcome, again.is_some()));
        }
        if let (Some(reason), Some(next_attempt_at)) = (reason, again) {
            let personal = Personal::Known(Trouble { reason });
            events.push(EmailEvent::DeliveryRescheduled { next_attempt_at, personal });
        }
        let facts = events.into_iter().map(|e| Fact::Email(self.tenant, self.email, e));
        Ok(Decision::of(facts.collect()))
    }
}

fn facts_of(to: &Pending, outcome: &RecipientOutcome, again: bool) -> Vec<EmailEvent> {
    let recipient = to.key.clone();
    let remark = |words: &str| {
        let message = sayable(words);
        to.address.map(|address| Remark { recipient: address.clone(), message })
    };
    match outcome {
        RecipientOutcome::Delivered { response } => {
            vec![EmailEvent::RecipientDelivered { recipient, personal: remark(response) }]
        }
        RecipientOutcome::Bounced { code, message } => {
            let (code, personal) = (*code, remark(message));
            vec![EmailEvent::RecipientBounced { recipient, code, personal }]
        }
        RecipientOutcome::Failed { message } => {
            vec![EmailEvent::RecipientFailed { recipient, personal: remark(message) }]
        }
        RecipientOutcome::Suppressed { reason } => {
            let personal = remark(&format!("the address is on the suppression list: {reason}"));
            vec![EmailEvent::RecipientSuppressed { recipient, reason: *reason, personal }]
        }
        RecipientOutcome::Deferred { code, message, may_have_arrived } => {
            let given_up = (!again).then(|| EmailEvent::RecipientFailed {
                recipient: to.key.clone(),
                personal: remark(&format!("given up after the last try: {message}")),
            });
            let (code, may_have_arrived) = (*code, *may_have_arrived);
            let personal = remark(message);
            let deferred =
                EmailEvent::RecipientDeferred { recipient, code, may_have_arrived, personal };
            std::iter::once(deferred).chain(given_up).collect()
        }
    }
}

/// A stranger's words as every table can hold them: the log's JSON takes a NUL, a text column does
/// not, and a fact that the read models refuse would stop them for good.
pub(super) fn sayable(words: &str) -> String {
    words.replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::{given, now};
    use crate::values::RecipientKey;

    const MINE: Uuid = Uuid::from_u128(1);

    fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    fn started(sent: &SendEmail) -> Fact {
        fact(sent, EmailEvent::DeliveryStarted { attempt: 1, lease: MINE, fence: 1 })
    }

    /// Ann is the first recipient, and Bob the second.
    fn pending(to: &str) -> Pending {
        let key = RecipientKey::Place(u32::from(!to.starts_with("ann")));
        Pending { key, address: Personal::Known(to.parse().unwrap()) }
    }

    fn remark(to: &str, message: &str) -> Personal<Remark> {
        let message = message.to_owned();
        Personal::Known(Remark { recipient: to.parse().unwrap(), message })
    }

    fn was_delivered(sent: &SendEmail, message: &str) -> Fact {
        let (recipient, personal) = (RecipientKey::Place(0), remark("ann@example.org", message));
        fact(sent, EmailEvent::RecipientDelivered { recipient, personal })
    }

    fn put_back(sent: &SendEmail, next_attempt_at: Timestamp) -> Fact {
        let personal = Personal::Known(Trouble { reason: "busy".to_owned() });
        fact(sent, EmailEvent::DeliveryRescheduled { next_attempt_at, personal })
    }

    fn record(sent: &SendEmail, outcomes: &[(&str, RecipientOutcome)]) -> RecordDelivery {
        RecordDelivery {
            tenant: sent.tenant,
            email: sent.email,
            lease: MINE,
            outcomes: outcomes.iter().map(|(to, o)| (pending(to), o.clone())).collect(),
            retry: RetrySchedule { attempts: 1, delay: Duration::from_secs(60) },
        }
    }

    fn deferred() -> RecipientOutcome {
        let message = "busy".to_owned();
        RecipientOutcome::Deferred { code: Some(451), message, may_have_arrived: false }
    }

    fn delivered() -> RecipientOutcome {
        RecipientOutcome::Delivered { response: "ok".to_owned() }
    }

    fn was_deferred(sent: &SendEmail) -> Fact {
        fact(
            sent,
            EmailEvent::RecipientDeferred {
                recipient: RecipientKey::Place(1),
                code: Some(451),
                may_have_arrived: false,
                personal: remark("bob@example.org", "busy"),
            },
        )
    }

    #[test]
    fn one_is_delivered_and_the_other_is_tried_again() {
        let sent = send(Some("a@acme.com"));
        let outcomes = [("ann@example.org", delivered()), ("bob@example.org", deferred())];
        given([accepted(&sent), started(&sent)]).when(&record(&sent, &outcomes)).then(&[
            was_delivered(&sent, "ok"),
            was_deferred(&sent),
            put_back(&sent, now().plus(Duration::from_secs(60))),
        ]);
    }

    #[test]
    fn after_the_last_try_it_has_failed() {
        let sent = send(Some("a@acme.com"));
        let failed = EmailEvent::RecipientFailed {
            recipient: RecipientKey::Place(1),
            personal: remark("bob@example.org", "given up after the last try: busy"),
        };
        given([accepted(&sent), started(&sent), put_back(&sent, now()), started(&sent)])
            .when(&record(&sent, &[("bob@example.org", deferred())]))
            .then(&[was_deferred(&sent), fact(&sent, failed)]);
    }

    #[test]
    fn a_worker_that_lost_its_lease_records_nothing() {
        let sent = send(Some("a@acme.com"));
        let theirs =
            EmailEvent::DeliveryStarted { attempt: 2, lease: Uuid::from_u128(2), fence: 2 };
        given([accepted(&sent), started(&sent), fact(&sent, theirs)])
            .when(&record(&sent, &[("ann@example.org", delivered())]))
            .then_refused(&Refusal::LeaseLost);
    }

    #[test]
    fn nobody_is_told_twice() {
        let sent = send(Some("a@acme.com"));
        given([accepted(&sent), started(&sent), was_delivered(&sent, "ok")])
            .when(&record(&sent, &[("ann@example.org", delivered())]))
            .then(&[]);
    }

    #[test]
    fn a_nul_in_a_relays_answer_does_not_reach_the_log() {
        let sent = send(Some("a@acme.com"));
        let answer = RecipientOutcome::Delivered { response: "o\0k".to_owned() };
        given([accepted(&sent), started(&sent)])
            .when(&record(&sent, &[("ann@example.org", answer)]))
            .then(&[was_delivered(&sent, "o\u{FFFD}k")]);
    }

    #[test]
    fn who_stands_twice_in_one_report_counts_once() {
        let sent = send(Some("a@acme.com"));
        let failed = RecipientOutcome::Failed { message: "no".to_owned() };
        let outcomes = [("ann@example.org", delivered()), ("ann@example.org", failed)];
        given([accepted(&sent), started(&sent)])
            .when(&record(&sent, &outcomes))
            .then(&[was_delivered(&sent, "ok")]);
    }

    #[test]
    fn what_a_worker_tells_after_the_erasure_finds_its_recipient_and_names_nobody() {
        let sent = send(Some("a@acme.com"));
        let Fact::Email(tenant, email, mut event) = accepted(&sent) else { panic!("an email") };
        event.erase();
        let erased = Fact::Email(tenant, email, event);
        let outcomes = [("ann@example.org", delivered())];
        given([erased, started(&sent)]).when(&record(&sent, &outcomes)).then(&[fact(
            &sent,
            EmailEvent::RecipientDelivered {
                recipient: RecipientKey::Place(0),
                personal: Personal::Erased,
            },
        )]);
    }
}
