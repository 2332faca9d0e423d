//! Everybody who gets an email: one to fifty, each once.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Mailbox;

/// So many recipients has an email at most.
pub const MAX_RECIPIENTS: usize = 50;

/// The recipients of one email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipients {
    #[serde(default)]
    to: Vec<Mailbox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Mailbox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Mailbox>,
}

/// How a recipient is named in the email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientKind {
    /// In `To`.
    To,
    /// In `Cc`.
    Cc,
    /// Nowhere.
    Bcc,
}

/// Why these are no recipients of an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipientsError {
    /// Nobody.
    #[error("give at least one recipient")]
    Nobody,
    /// Too many.
    #[error("{0} recipients are too many: at most 50 in to, cc and bcc together")]
    TooMany(usize),
}

impl Recipients {
    /// These, each once: who is named twice keeps the first place.
    pub fn new(
        to: Vec<Mailbox>,
        cc: Vec<Mailbox>,
        bcc: Vec<Mailbox>,
    ) -> Result<Self, RecipientsError> {
        let given = to.len() + cc.len() + bcc.len();
        if given == 0 {
            return Err(RecipientsError::Nobody);
        }
        if given > MAX_RECIPIENTS {
            return Err(RecipientsError::TooMany(given));
        }
        let mut seen = HashSet::new();
        let mut once = |list: Vec<Mailbox>| -> Vec<Mailbox> {
            list.into_iter().filter(|mailbox| seen.insert(mailbox.address.clone())).collect()
        };
        Ok(Self { to: once(to), cc: once(cc), bcc: once(bcc) })
    }

    /// Those in `To`.
    pub fn to(&self) -> &[Mailbox] {
        &self.to
    }

    /// Those in `Cc`.
    pub fn cc(&self) -> &[Mailbox] {
        &self.cc
    }

    /// Those whom nobody sees.
    pub fn bcc(&self) -> &[Mailbox] {
        &self.bcc
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (RecipientKind, &Mailbox)> {
        let kind = |kind| move |mailbox| (kind, mailbox);
        let to = self.to.iter().map(kind(RecipientKind::To));
        let cc = self.cc.iter().map(kind(RecipientKind::Cc));
        to.chain(cc).chain(self.bcc.iter().map(kind(RecipientKind::Bcc)))
    }

    /// How many there are; never none.
    #[expect(clippy::len_without_is_empty, reason = "there is always somebody")]
    pub fn len(&self) -> usize {
        self.to.len() + self.cc.len() + self.bcc.len()
    }
}

impl RecipientKind {
    /// Its name in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
        }
    }
}

impl fmt::Display for RecipientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailboxes(count: usize) -> Vec<Mailbox> {
        (0..count).map(|n| format!("r{n}@example.com").parse().unwrap()).collect()
    }

    #[test]
    fn one_to_fifty() {
        assert_eq!(Recipients::new(vec![], vec![], vec![]), Err(RecipientsError::Nobody));
        assert!(Recipients::new(mailboxes(50), vec![], vec![]).is_ok());
        let too_many = Recipients::new(mailboxes(50), vec![], mailboxes(1));
        assert_eq!(too_many, Err(RecipientsError::TooMany(51)));
    }

    #[test]
    fn who_is_named_twice_gets_it_once() {
        let twice = Recipients::new(mailboxes(2), mailboxes(3), mailboxes(1)).unwrap();
        assert_eq!((twice.to().len(), twice.cc().len(), twice.bcc().len()), (2, 1, 0));
    }
}
