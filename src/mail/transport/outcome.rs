//! What became of a mail, for each of its recipients.

use std::fmt;

use crate::values::Address;

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// One for each recipient, in the order of the envelope.
    pub outcomes: Vec<(Address, Outcome)>,
    /// What was wrong with the relay or the way to it, if anything was; one refused recipient is not.
    pub trouble: Option<Trouble>,
}

/// What became of the mail for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took it.
    Delivered {
        /// Its answer, often with its own id for the mail.
        response: String,
    },
    /// Refused for good.
    Bounced {
        /// The SMTP code, 5xx.
        code: u16,
        /// The code of RFC 3463 at the front of the answer, such as `5.1.1`.
        enhanced: Option<String>,
        /// The relay's words, without the codes.
        message: String,
    },
    /// Not now.
    Deferred {
        /// The SMTP code, if the relay got so far as to give one.
        code: Option<u16>,
        /// The relay's words, or ours.
        message: String,
        /// The mail was handed over whole and the answer never came: the relay may have taken it.
        ambiguous: bool,
    },
    /// The relay does not let us in.
    AuthRefused {
        /// The relay's words, or ours.
        message: String,
    },
    /// The settings name a relay that we must not use.
    Misconfigured {
        /// Why not.
        message: String,
    },
}

impl Outcome {
    /// The relay's words, or ours.
    pub(super) fn words_mut(&mut self) -> &mut String {
        match self {
            Self::Delivered { response: words }
            | Self::Bounced { message: words, .. }
            | Self::Deferred { message: words, .. }
            | Self::AuthRefused { message: words }
            | Self::Misconfigured { message: words } => words,
        }
    }
}

/// What was wrong with a relay, for those who watch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// How far we got.
    pub stage: Stage,
    /// What happened there.
    pub message: String,
}

/// The steps of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Look-up, address check, TCP.
    Connect,
    /// `STARTTLS` or TLS from the start.
    Tls,
    /// The relay's greeting and its answer to ours.
    Greeting,
    /// `AUTH`.
    Login,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The mail itself and the dot after it.
    End,
}

impl Stage {
    /// Its name, also the label in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Login => "login",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::End => "end",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
