//! Who gets an email, without their addresses: so many, and a name for each that tells nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::personal::ERASED;
use super::{Address, RecipientKind, Recipients};

/// How much of a digest names a recipient: of fifty at most, in one email.
const DIGITS: usize = 12;

/// Names one recipient of an email, also when the address has been erased.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecipientKey {
    /// The place among all recipients, from zero: to, then cc, then bcc.
    Place(u32),
    /// Facts of the first version knew addresses only: the beginning of the hex SHA-256 of one.
    Digest(String),
}

impl RecipientKey {
    /// The key in an email that the first version took in.
    pub fn digest_of(address: &str) -> Self {
        let mut digits = hex::encode(Sha256::digest(address));
        digits.truncate(DIGITS);
        Self::Digest(digits)
    }

    /// What a table keeps as the address: each of an erased email's recipients has another, so that its
    /// outcome still finds it. Readers are shown it by [`shown`].
    pub fn kept(&self, address: Option<&Address>) -> String {
        address.map_or_else(|| format!("{ERASED}:{self}"), ToString::to_string)
    }
}

/// A kept address as readers see it.
pub fn shown(kept: &str) -> &str {
    if kept.starts_with(ERASED) { ERASED } else { kept }
}

impl fmt::Display for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Digest(digits) => f.write_str(digits),
        }
    }
}

/// How many get an email, and how each is named in its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    to: u32,
    #[serde(default)]
    cc: u32,
    #[serde(default)]
    bcc: u32,
    /// In an email of the first version only; in the order of their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    digests: Vec<String>,
}

impl Roll {
    /// Of these recipients.
    pub fn of(recipients: &Recipients) -> Self {
        let count = |list: &[_]| u32::try_from(list.len()).unwrap_or(u32::MAX);
        Self {
            to: count(recipients.to()),
            cc: count(recipients.cc()),
            bcc: count(recipients.bcc()),
            digests: Vec::new(),
        }
    }

    /// How many there are; never none.
    #[expect(clippy::len_without_is_empty, reason = "there is always somebody")]
    pub fn len(&self) -> usize {
        usize::try_from(self.to.saturating_add(self.cc).saturating_add(self.bcc)).unwrap_or(0)
    }

    /// All of them, in the order of their places.
    pub fn all(&self) -> impl Iterator<Item = (RecipientKind, RecipientKey)> {
        let kinds = [
            (RecipientKind::To, self.to),
            (RecipientKind::Cc, self.cc),
            (RecipientKind::Bcc, self.bcc),
        ];
        let kinds = kinds.into_iter().flat_map(|(kind, many)| (0..many).map(move |_| kind));
        let mut digests = self.digests.iter();
        (0..).zip(kinds).map(move |(place, kind)| {
            let digest = digests.next().cloned().map(RecipientKey::Digest);
            (kind, digest.unwrap_or(RecipientKey::Place(place)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipients() -> Recipients {
        let list = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        Recipients::new(list(&["a@x.example", "b@x.example"]), vec![], list(&["c@x.example"]))
            .unwrap()
    }

    #[test]
    fn places_are_counted_through_to_cc_and_bcc() {
        let roll = Roll::of(&recipients());
        let all: Vec<_> = roll.all().collect();
        assert_eq!(roll.len(), 3);
        assert_eq!(all[2], (RecipientKind::Bcc, RecipientKey::Place(2)));
        assert_eq!(serde_json::to_string(&roll).unwrap(), r#"{"to":2,"cc":0,"bcc":1}"#);
    }

    #[test]
    fn an_erased_recipient_is_kept_apart_from_the_others_and_shown_like_them() {
        let kept = |place| RecipientKey::Place(place).kept(None);
        assert_ne!(kept(0), kept(1));
        assert_eq!((shown(&kept(0)), shown("a@x.example")), (ERASED, "a@x.example"));
    }
}
