//! What a key may do; and that nobody grants more than it has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::serde_by_text;

macro_rules! permissions {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// One thing that a tenant's key may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[$doc])+ $name,)+
        }

        impl Permission {
            /// Each of them.
            pub const EACH: &'static [Self] = &[$(Self::$name),+];

            /// Its name in requests and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

permissions! {
    /// Everything in the tenant.
    All = "*",
    /// Manage keys.
    ApiKeysRead = "api-keys:read",
    /// Make and revoke keys.
    ApiKeysWrite = "api-keys:write",
    /// See sending domains.
    DomainsRead = "domains:read",
    /// Manage sending domains.
    DomainsWrite = "domains:write",
    /// Read emails with their bodies.
    EmailsRead = "emails:read",
    /// Read the timelines of emails.
    LogsRead = "logs:read",
    /// Send, and see what became of it.
    Send = "send",
    /// See templates.
    TemplatesRead = "templates:read",
    /// Manage templates.
    TemplatesWrite = "templates:write",
    /// Read the tenant's usage.
    UsageRead = "usage:read",
    /// See webhooks.
    WebhooksRead = "webhooks:read",
    /// Manage webhooks.
    WebhooksWrite = "webhooks:write",
    /// See the suppression list.
    SuppressionsRead = "suppressions:read",
    /// Manage the suppression list.
    SuppressionsWrite = "suppressions:write",
}

/// Why a text is no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a permission: give one of send, emails:read, templates:read, templates:write, webhooks:read, webhooks:write, domains:read, domains:write, api-keys:read, api-keys:write, logs:read, usage:read, suppressions:read, suppressions:write, *"
)]
pub struct PermissionError;

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        Self::EACH.iter().copied().find(|known| known.as_str() == text).ok_or(PermissionError)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_by_text!(Permission);

/// What a key may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// These; or the place of the first that is none.
    pub fn parse(names: &[String]) -> Result<Self, usize> {
        let parsed = names.iter().enumerate().map(|(place, name)| name.parse().map_err(|_| place));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// True if the key may do this.
    pub fn allows(&self, wanted: Permission) -> bool {
        self.0.contains(&Permission::All) || self.0.contains(&wanted)
    }

    /// True if the key may do all that the other may: then it may grant it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|wanted| self.allows(*wanted))
    }

    /// True if it may do nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(names: &[&str]) -> Permissions {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Permissions::parse(&names).unwrap()
    }

    #[test]
    fn the_star_covers_everything_and_nothing_covers_the_star_but_itself() {
        let (all, some) = (permissions(&["*"]), permissions(&["send", "emails:read"]));
        assert!(all.covers(&some) && all.covers(&all));
        assert!(!some.covers(&all));
        let each: Vec<&str> =
            Permission::EACH.iter().map(|p| p.as_str()).filter(|name| *name != "*").collect();
        assert!(!permissions(&each).covers(&all));
    }

    #[test]
    fn the_place_of_a_wrong_one_is_told() {
        let names = ["send".to_owned(), "fly".to_owned()];
        assert_eq!(Permissions::parse(&names), Err(1));
    }
}
