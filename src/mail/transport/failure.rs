//! Why a step of the dialogue with a relay did not succeed, and what that means for the mail.

use std::error::Error as _;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Response, Severity};

use super::outcome::{Outcome, Stage, Trouble};

/// The codes by which a relay says that we must log in, or that the login is not good.
const LOGIN_CODES: [u16; 4] = [530, 534, 535, 538];

/// A step that did not succeed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) stage: Stage,
    pub(super) fault: Fault,
}

/// What did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The relay answered, and the answer was no.
    Refused { code: u16, enhanced: Option<String>, message: String },
    /// No connection, or none any more: nothing more can be said on it.
    Lost { message: String },
    /// The relay does not let us in.
    Login { message: String },
    /// We must not even try.
    Misconfigured { message: String },
}

impl Fault {
    /// A connection that is of no more use.
    pub(super) fn lost(message: impl Into<String>) -> Self {
        Self::Lost { message: message.into() }
    }

    /// Whoever sent it has thought better of it; the connection may be in the midst of it.
    pub(super) fn called_off() -> Self {
        Self::lost("the mail was called off before it was handed over")
    }

    /// True if the relay has gone away, or says that it is about to.
    pub(super) fn ends_the_connection(&self) -> bool {
        match self {
            Self::Refused { code, .. } => *code == 421,
            Self::Lost { .. } | Self::Login { .. } | Self::Misconfigured { .. } => true,
        }
    }

    /// True if the relay says that we must log in. That is about us, also where it says so to a
    /// recipient.
    pub(super) fn asks_for_a_login(&self) -> bool {
        match self {
            Self::Refused { code, .. } => LOGIN_CODES.contains(code),
            Self::Lost { .. } | Self::Login { .. } | Self::Misconfigured { .. } => false,
        }
    }

    /// What it means for a recipient of the mail. `ambiguous`: the mail had been handed over.
    pub(super) fn outcome(&self, ambiguous: Ambiguity) -> Outcome {
        match self {
            Self::Refused { code, message, .. } if LOGIN_CODES.contains(code) => {
                Outcome::AuthRefused { message: format!("{code} {message}") }
            }
            Self::Refused { code: code @ 500.., enhanced, message } => Outcome::Bounced {
                code: *code,
                enhanced: enhanced.clone(),
                message: message.clone(),
            },
            Self::Refused { code, message, .. } => {
                Outcome::Deferred { code: Some(*code), message: message.clone(), ambiguous: false }
            }
            Self::Lost { message } => Outcome::Deferred {
                code: None,
                message: message.clone(),
                ambiguous: ambiguous == Ambiguity::Possible,
            },
            Self::Login { message } => Outcome::AuthRefused { message: message.clone() },
            Self::Misconfigured { message } => Outcome::Misconfigured { message: message.clone() },
        }
    }

    /// In one sentence.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Refused { code, message, .. } => format!("{code} {message}"),
            Self::Lost { message } | Self::Login { message } | Self::Misconfigured { message } => {
                message.clone()
            }
        }
    }
}

/// Whether the relay may have the mail although it did not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ambiguity {
    None,
    Possible,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        match error.status() {
            Some(code) => Self::refused(code.into(), &said),
            None if error.is_response() => {
                Self::lost(format!("the relay hung up or spoke no SMTP ({said})"))
            }
            None => Self::lost(format!("the connection to the relay failed ({said})")),
        }
    }
}

impl Fault {
    /// An answer in the negative, with its enhanced code (RFC 3463) taken off the front.
    pub(super) fn refused(code: u16, said: &str) -> Self {
        let (first, rest) = said.split_once(' ').unwrap_or((said, ""));
        let class = code / 100;
        let (enhanced, message) =
            if is_enhanced(first, class) { (Some(first.to_owned()), rest) } else { (None, said) };
        Self::Refused { code, enhanced, message: message.trim().to_owned() }
    }
}

impl Failure {
    /// For those who watch the relay.
    pub(super) fn trouble(&self) -> Trouble {
        Trouble { stage: self.stage, message: self.fault.message() }
    }
}

/// The answer, if it is of the kind that the step asks for. A relay that answers out of step
/// would otherwise have us take one answer for another.
pub(super) fn expect(answer: Result<Response, Error>, kind: Severity) -> Result<Response, Fault> {
    let answer = answer?;
    if answer.code().severity == kind {
        return Ok(answer);
    }
    Err(Fault::lost(format!("the relay answered out of step ({})", answer.code())))
}

fn is_enhanced(word: &str, class: u16) -> bool {
    let mut numbers = word.split('.').map(|part| (part.len() <= 3).then(|| part.parse::<u16>()));
    matches!(
        [numbers.next(), numbers.next(), numbers.next(), numbers.next()],
        [Some(Some(Ok(first))), Some(Some(Ok(_))), Some(Some(Ok(_))), None] if first == class
    )
}

#[cfg(test)]
mod tests {
    use super::{Ambiguity, Fault};
    use crate::mail::transport::Outcome;

    fn outcome(code: u16, said: &str) -> Outcome {
        Fault::refused(code, said).outcome(Ambiguity::None)
    }

    #[test]
    fn the_enhanced_code_is_told_apart_from_the_words() {
        assert_eq!(
            outcome(550, "5.1.1 no such user"),
            Outcome::Bounced {
                code: 550,
                enhanced: Some("5.1.1".to_owned()),
                message: "no such user".to_owned()
            }
        );
        for said in ["4.1.1 other class", "5.1 too short", "10.0.0.5 is blocked", "5.1.1.1 x"] {
            let message = said.to_owned();
            assert_eq!(outcome(550, said), Outcome::Bounced { code: 550, enhanced: None, message });
        }
    }

    #[test]
    fn a_transient_answer_defers() {
        assert!(matches!(outcome(451, "later"), Outcome::Deferred { code: Some(451), .. }));
        assert!(matches!(outcome(421, "later"), Outcome::Deferred { code: Some(421), .. }));
    }

    #[test]
    fn a_demand_to_log_in_is_a_refused_login_at_any_step() {
        assert!(matches!(outcome(530, "log in first"), Outcome::AuthRefused { .. }));
    }
}
