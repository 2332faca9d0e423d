//! A worker tells what came of an attempt, recipient by recipient.

use uuid::Uuid;

use super::{EmailState, RetrySchedule, Stage};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{EmailEvent, Fact, Stream};
use crate::values::{Address, EmailId, TenantId, Timestamp};

/// Tells the outcomes of an attempt.
#[derive(Clone, Debug)]
pub struct RecordDelivery {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub email: EmailId,
    /// The lease under which it was tried.
    pub lease: Uuid,
    /// What came of it for whom.
    pub outcomes: Vec<(Address, RecipientOutcome)>,
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
            let Some(place) = pending.iter().position(|waits| waits == recipient) else { continue };
            pending.swap_remove(place);
            if let RecipientOutcome::Deferred { message, .. } = outcome {
                reason = Some(sayable(message));
            }
            events.extend(facts_of(recipient, outcome, again.is_some()));
        }
        if let (Some(reason), Some(next_attempt_at)) = (reason, again) {
            events.push(EmailEvent::DeliveryRescheduled { next_attempt_at, reason });
        }
        let facts = events.into_iter().map(|e| Fact::Email(self.tenant, self.email, e));
        Ok(Decision::of(facts.collect()))
    }
}

fn facts_of(to: &Address, outcome: &RecipientOutcome, again: bool) -> Vec<EmailEvent> {
    let recipient = to.clone();
    match outcome.clone() {
        RecipientOutcome::Delivered { response } => {
            vec![EmailEvent::RecipientDelivered { recipient, response: sayable(&response) }]
        }
        RecipientOutcome::Bounced { code, message } => {
            vec![EmailEvent::RecipientBounced { recipient, code, message: sayable(&message) }]
        }
        RecipientOutcome::Failed { message } => {
            vec![EmailEvent::RecipientFailed { recipient, message: sayable(&message) }]
        }
        RecipientOutcome::Deferred { code, message, may_have_arrived } => {
            let message = sayable(&message);
            let given_up = (!again).then(|| EmailEvent::RecipientFailed {
                recipient: to.clone(),
                message: format!("given up after the last try: {message}"),
            });
            let deferred =
                EmailEvent::RecipientDeferred { recipient, code, message, may_have_arrived };
            std::iter::once(deferred).chain(given_up).collect()
        }
    }
}

/// A stranger's words as every table can hold them: the log's JSON takes a NUL, a text column does
/// not, and a fact that the read models refuse would stop them for good.
fn sayable(words: &str) -> String {
    words.replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::commands::email::SendEmail;
    use crate::commands::email::send_email::tests::{accepted, send};
    use crate::commands::testing::{given, now};

    const MINE: Uuid = Uuid::from_u128(1);

    fn fact(sent: &SendEmail, event: EmailEvent) -> Fact {
        Fact::Email(sent.tenant, sent.email, event)
    }

    fn started(sent: &SendEmail) -> Fact {
        fact(sent, EmailEvent::DeliveryStarted { attempt: 1, lease: MINE, fence: 1 })
    }

    fn record(sent: &SendEmail, outcomes: &[(&str, RecipientOutcome)]) -> RecordDelivery {
        RecordDelivery {
            tenant: sent.tenant,
            email: sent.email,
            lease: MINE,
            outcomes: outcomes.iter().map(|(to, o)| (to.parse().unwrap(), o.clone())).collect(),
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
                recipient: "bob@example.org".parse().unwrap(),
                code: Some(451),
                message: "busy".to_owned(),
                may_have_arrived: false,
            },
        )
    }

    #[test]
    fn one_is_delivered_and_the_other_is_tried_again() {
        let sent = send(Some("a@acme.com"));
        let outcomes = [("ann@example.org", delivered()), ("bob@example.org", deferred())];
        given([accepted(&sent), started(&sent)]).when(&record(&sent, &outcomes)).then(&[
            fact(
                &sent,
                EmailEvent::RecipientDelivered {
                    recipient: "ann@example.org".parse().unwrap(),
                    response: "ok".to_owned(),
                },
            ),
            was_deferred(&sent),
            fact(
                &sent,
                EmailEvent::DeliveryRescheduled {
                    next_attempt_at: now().plus(Duration::from_secs(60)),
                    reason: "busy".to_owned(),
                },
            ),
        ]);
    }

    #[test]
    fn after_the_last_try_it_has_failed() {
        let sent = send(Some("a@acme.com"));
        let put_back =
            EmailEvent::DeliveryRescheduled { next_attempt_at: now(), reason: "busy".to_owned() };
        let failed = EmailEvent::RecipientFailed {
            recipient: "bob@example.org".parse().unwrap(),
            message: "given up after the last try: busy".to_owned(),
        };
        given([accepted(&sent), started(&sent), fact(&sent, put_back), started(&sent)])
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
        let done = EmailEvent::RecipientDelivered {
            recipient: "ann@example.org".parse().unwrap(),
            response: "ok".to_owned(),
        };
        given([accepted(&sent), started(&sent), fact(&sent, done)])
            .when(&record(&sent, &[("ann@example.org", delivered())]))
            .then(&[]);
    }

    #[test]
    fn a_nul_in_a_relays_answer_does_not_reach_the_log() {
        let sent = send(Some("a@acme.com"));
        let answer = RecipientOutcome::Delivered { response: "o\0k".to_owned() };
        given([accepted(&sent), started(&sent)])
            .when(&record(&sent, &[("ann@example.org", answer)]))
            .then(&[fact(
                &sent,
                EmailEvent::RecipientDelivered {
                    recipient: "ann@example.org".parse().unwrap(),
                    response: "o\u{FFFD}k".to_owned(),
                },
            )]);
    }

    #[test]
    fn who_stands_twice_in_one_report_counts_once() {
        let sent = send(Some("a@acme.com"));
        let failed = RecipientOutcome::Failed { message: "no".to_owned() };
        let outcomes = [("ann@example.org", delivered()), ("ann@example.org", failed)];
        given([accepted(&sent), started(&sent)]).when(&record(&sent, &outcomes)).then(&[fact(
            &sent,
            EmailEvent::RecipientDelivered {
                recipient: "ann@example.org".parse().unwrap(),
                response: "ok".to_owned(),
            },
        )]);
    }
}
