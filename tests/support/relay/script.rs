//! What a relay is told to do.

use std::collections::VecDeque;

/// A step of the dialogue at which a relay can be told what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Before its first word.
    Greeting,
    /// `EHLO`.
    Ehlo,
    /// `STARTTLS`.
    StartTls,
    /// After the user and the password.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`, of whomever.
    Rcpt,
    /// `DATA`.
    Data,
    /// After the dot that ends a mail.
    End,
    /// `RSET`.
    Rset,
}

/// What a relay does instead of answering as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answers with these bytes as they are, line ends included.
    Bytes(Vec<u8>),
    /// Answers as it should, but not before `go_on`.
    Wait,
    /// Never answers.
    Stall,
    /// Hangs up without an answer.
    Drop,
    /// Takes the mail, but does not say so before `go_on`.
    TakeAndWait,
    /// Takes the mail, but never says so.
    TakeAndStall,
    /// Takes the mail, but hangs up without an answer.
    TakeAndDrop,
    /// Answers as it should and hangs up.
    AnswerAndDrop,
}

impl Act {
    /// Answers with this line, or these.
    pub fn say(answer: &str) -> Self {
        Self::Bytes(format!("{answer}\r\n").into_bytes())
    }
}

#[derive(Debug, Default)]
pub(super) struct Script(VecDeque<Line>);

#[derive(Debug)]
struct Line {
    step: Step,
    recipient: Option<String>,
    left: usize,
    act: Act,
}

impl Script {
    pub(super) fn add(&mut self, step: Step, recipient: Option<String>, left: usize, act: Act) {
        self.0.push_back(Line { step, recipient, left, act });
    }

    /// What to do now; none: what a relay should.
    pub(super) fn next(&mut self, step: Step, recipient: &str) -> Option<Act> {
        let line = self.0.iter_mut().find(|line| {
            let meant = line.recipient.as_ref().is_none_or(|meant| meant == recipient);
            line.step == step && line.left > 0 && meant
        })?;
        line.left = if line.left == usize::MAX { line.left } else { line.left - 1 };
        Some(line.act.clone())
    }
}
