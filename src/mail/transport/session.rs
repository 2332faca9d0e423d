//! One mail over one connection; each recipient gets its own answer.

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};

use super::failure::{Ambiguity, Failure, Fault, expect};
use super::outcome::{Outcome, Stage};
use super::patience::Patience;
use super::{Envelope, Still};
use crate::mail::compose::Message;
use crate::values::Address;

/// What came of a mail on a connection.
pub(super) struct Ended {
    /// For each recipient.
    pub(super) outcomes: Vec<(Address, Outcome)>,
    /// What went wrong with the relay, and where.
    pub(super) failure: Option<Failure>,
    /// Another mail can be sent on the connection.
    pub(super) reusable: bool,
}

struct Dialogue<'a> {
    connection: &'a mut AsyncSmtpConnection,
    patience: &'a Patience,
    still: Still<'a>,
    outcomes: Vec<(Address, Outcome)>,
    /// The relay wanted a login for one of the recipients.
    denied: Option<Failure>,
}

/// Sends a mail.
pub(super) async fn deliver(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &Message,
    patience: &Patience,
    still: Still<'_>,
) -> Ended {
    let utf8 = connection.server_info().supports_feature(Extension::SmtpUtfEight);
    let (parts, reachable, unreachable) = adapted(envelope, message, utf8);
    let mut dialogue =
        Dialogue { connection, patience, still, outcomes: unreachable, denied: None };
    let ended = match parts {
        Some(parts) if !reachable.is_empty() => {
            let needs_utf8 = utf8
                && (message.needs_smtputf8
                    || envelope.from.is_smtputf8()
                    || reachable.iter().any(Address::is_smtputf8));
            dialogue.mail(envelope, &reachable, &parts, needs_utf8).await
        }
        Some(_) | None => Ok(()),
    };
    let (failure, reusable) = match ended {
        Ok(()) => (dialogue.denied.take(), true),
        Err(failure) => {
            let gone = failure.fault.ends_the_connection();
            (Some(failure), !gone && dialogue.reset().await)
        }
    };
    let outcomes = in_order(envelope, dialogue.outcomes);
    Ended { outcomes, failure, reusable }
}

/// What this relay can be given, who can be reached by it, and what the others are told.
type Adapted<'a> = (Option<[&'a [u8]; 2]>, Vec<Address>, Vec<(Address, Outcome)>);

fn adapted<'a>(envelope: &Envelope, message: &'a Message, utf8: bool) -> Adapted<'a> {
    if utf8 {
        return (Some(message.whole()), envelope.to.clone(), Vec::new());
    }
    let parts = if envelope.from.is_smtputf8() { None } else { message.ascii() };
    let (reachable, not): (Vec<_>, Vec<_>) =
        envelope.to.iter().cloned().partition(|to| parts.is_some() && !to.is_smtputf8());
    let told = not.into_iter().map(|to| {
        let outcome = Outcome::Bounced {
            code: 553,
            enhanced: Some("5.6.7".to_owned()),
            message: "the relay does not offer SMTPUTF8, which an address in this mail needs"
                .to_owned(),
        };
        (to, outcome)
    });
    (parts, reachable, told.collect())
}

impl Dialogue<'_> {
    async fn mail(
        &mut self,
        envelope: &Envelope,
        to: &[Address],
        parts: &[&[u8]; 2],
        utf8: bool,
    ) -> Result<(), Failure> {
        let mut parameters = Vec::new();
        if utf8 {
            parameters.push(MailParameter::SmtpUtfEight);
            let info = self.connection.server_info();
            if info.supports_feature(Extension::EightBitMime) {
                parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
            }
        }
        let from = Mail::new(Some(smtp_address(&envelope.from)), parameters);
        if let Err(fault) = self.ask(from, Severity::PositiveCompletion).await {
            return Err(self.all(to, Stage::Mail, fault, Ambiguity::None));
        }
        let taken = self.recipients(to).await?;
        if taken.is_empty() {
            // Nothing is wrong with the relay; but the mail that it has begun must end.
            if self.reset().await {
                return Ok(());
            }
            let fault = Fault::lost("the relay hung up after it had refused every recipient");
            return Err(Failure { stage: Stage::Rcpt, fault });
        }
        if let Err(fault) = self.ask(Data, Severity::PositiveIntermediate).await {
            return Err(self.all(&taken, Stage::Data, fault, Ambiguity::None));
        }
        if !(self.still)() {
            // The relay waits for the mail and gets none: a mail without its dot is none.
            return Err(self.all(&taken, Stage::Data, Fault::called_off(), Ambiguity::None));
        }
        self.hand_over(&taken, parts).await
    }

    /// Names the recipients; one refused must not lose the others.
    async fn recipients(&mut self, to: &[Address]) -> Result<Vec<Address>, Failure> {
        let mut taken = Vec::new();
        for (place, recipient) in to.iter().enumerate() {
            let named = Rcpt::new(smtp_address(recipient), Vec::new());
            match self.ask(named, Severity::PositiveCompletion).await {
                Ok(_) => taken.push(recipient.clone()),
                Err(fault) if fault.ends_the_connection() => {
                    let rest = to.iter().skip(place).cloned();
                    let all: Vec<_> = taken.into_iter().chain(rest).collect();
                    return Err(self.all(&all, Stage::Rcpt, fault, Ambiguity::None));
                }
                Err(fault) => {
                    self.outcomes.push((recipient.clone(), fault.outcome(Ambiguity::None)));
                    if fault.asks_for_a_login() {
                        self.denied = Some(Failure { stage: Stage::Rcpt, fault });
                    }
                }
            }
        }
        Ok(taken)
    }

    async fn hand_over(&mut self, to: &[Address], parts: &[&[u8]; 2]) -> Result<(), Failure> {
        let handed = self.connection.message_iter(unended(parts).into_iter());
        let answer = self.patience.transfer_of(handed).await;
        let answer = answer.and_then(|answer| expect(answer, Severity::PositiveCompletion));
        match answer {
            Ok(answer) => {
                let response = said(&answer);
                self.outcomes.extend(to.iter().map(|recipient| {
                    (recipient.clone(), Outcome::Delivered { response: response.clone() })
                }));
                Ok(())
            }
            Err(fault) => Err(self.all(to, Stage::End, fault, Ambiguity::Possible)),
        }
    }

    async fn ask<C: std::fmt::Display>(
        &mut self,
        command: C,
        kind: Severity,
    ) -> Result<Response, Fault> {
        let answer = self.patience.step_of(self.connection.command(command)).await?;
        expect(answer, kind)
    }

    async fn reset(&mut self) -> bool {
        self.ask(Rset, Severity::PositiveCompletion).await.is_ok()
    }

    fn all(&mut self, to: &[Address], stage: Stage, fault: Fault, ambiguity: Ambiguity) -> Failure {
        let outcome = fault.outcome(ambiguity);
        self.outcomes.extend(to.iter().map(|recipient| (recipient.clone(), outcome.clone())));
        Failure { stage, fault }
    }
}

/// The mail without its last line end, which lettre writes together with the dot: a signature over
/// the body would not hold for one line more.
fn unended<'a>([first, second]: &[&'a [u8]; 2]) -> [&'a [u8]; 2] {
    let cut = |part: &'a [u8]| part.strip_suffix(b"\r\n").unwrap_or(part);
    if second.is_empty() { [cut(first), second] } else { [first, cut(second)] }
}

/// The address was checked when it was parsed, by stricter rules than lettre's.
fn smtp_address(address: &Address) -> lettre::Address {
    lettre::Address::new_dangerous(address.local(), address.domain())
}

fn said(answer: &Response) -> String {
    let words: Vec<&str> = answer.message().collect();
    format!("{} {}", answer.code(), words.join(" ")).trim_end().to_owned()
}

fn in_order(envelope: &Envelope, mut outcomes: Vec<(Address, Outcome)>) -> Vec<(Address, Outcome)> {
    let place = |address: &Address| envelope.to.iter().position(|to| to == address);
    outcomes.sort_by_key(|(address, _)| place(address));
    outcomes
}
