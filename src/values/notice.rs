//! What a webhook can be told of an email, and which of it one wants.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::serde_by_text;

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// One thing that a webhook can be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum NoticeKind {
            $($(#[$doc])+ $name,)+
        }

        impl NoticeKind {
            /// Each of them.
            pub const EACH: &'static [Self] = &[$(Self::$name),+];

            /// Its name in requests, answers and notices.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

kinds! {
    /// Everything.
    All = "*",
    /// We have taken it, and it waits.
    Queued = "queued",
    /// It is being handed over.
    Sending = "sending",
    /// The relay took it.
    Delivered = "delivered",
    /// It was refused for good.
    Bounced = "bounced",
    /// We gave it up.
    Failed = "failed",
    /// It is not sent: the address is on the suppression list.
    Suppressed = "suppressed",
    /// Its recipient called it spam.
    Complained = "complained",
    /// More of the tenant's mail bounces or is complained of than is good.
    ReputationWarned = "reputation_warned",
    /// So much that it may not send until an admin resumes it.
    SendingPaused = "sending_paused",
    /// It was opened.
    Opened = "opened",
    /// A link in it was followed.
    Clicked = "clicked",
}

/// Why a text is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an event: give one of queued, sending, delivered, bounced, failed, suppressed, complained, reputation_warned, sending_paused, opened, clicked, *"
)]
pub struct NoticeKindError;

impl FromStr for NoticeKind {
    type Err = NoticeKindError;

    fn from_str(text: &str) -> Result<Self, NoticeKindError> {
        Self::EACH.iter().copied().find(|known| known.as_str() == text).ok_or(NoticeKindError)
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_by_text!(NoticeKind);

/// What a webhook is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeKinds(BTreeSet<NoticeKind>);

impl NoticeKinds {
    /// True if this is among them.
    pub fn include(&self, kind: NoticeKind) -> bool {
        self.0.contains(&NoticeKind::All) || self.0.contains(&kind)
    }

    /// Their names, in the order of an email's life.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromIterator<NoticeKind> for NoticeKinds {
    fn from_iter<I: IntoIterator<Item = NoticeKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_star_includes_everything_and_others_themselves() {
        let all: NoticeKinds = [NoticeKind::All].into_iter().collect();
        let some: NoticeKinds = [NoticeKind::Bounced].into_iter().collect();
        assert!(NoticeKind::EACH.iter().all(|kind| all.include(*kind)));
        assert!(some.include(NoticeKind::Bounced) && !some.include(NoticeKind::Delivered));
    }

    #[test]
    fn every_name_is_read_as_what_it_names() {
        for kind in NoticeKind::EACH {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert!(NoticeKindError.to_string().contains(kind.as_str()));
        }
        assert_eq!("Delivered".parse::<NoticeKind>(), Err(NoticeKindError));
    }
}
