//! Addresses, bare or with a name: `a@b.example`, `Name <a@b.example>`.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};

use super::HostName;
use super::text::{has_control, serde_by_text};

/// The longest address that RFC 5321 knows (4.5.3.1.3, without the brackets).
const LONGEST: usize = 254;

/// The longest local part (RFC 5321, 4.5.3.1.1), in bytes.
const LONGEST_LOCAL: usize = 64;

/// The longest name shown beside an address, in characters.
const LONGEST_NAME: usize = 200;

/// An email address; its domain is an A-label, its local part may be in any script (RFC 6531).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: HostName,
}

/// An address, perhaps with the name of its owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The name that readers see.
    pub name: Option<String>,
    /// Where it goes.
    pub address: Address,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form that RFC 5321 knows.
    #[error("not a valid email address: give one such as ann@example.com")]
    Address,
    /// Its domain is none.
    #[error("the part after the @ is not a valid domain")]
    Domain,
    /// Longer than relays take.
    #[error("too long for an email address: at most 64 bytes before the @ and 254 in all")]
    TooLong,
    /// A line break or the like in it.
    #[error("line breaks and control characters are not allowed")]
    Control,
    /// Neither bare nor with a name.
    #[error("not a valid mailbox: give ann@example.com or Ann <ann@example.com>")]
    Mailbox,
    /// The name is too long.
    #[error("the name is too long: at most 200 characters")]
    LongName,
}

impl Address {
    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands after it, as an A-label.
    pub fn domain(&self) -> &str {
        self.domain.as_str()
    }

    /// Its domain.
    pub fn host(&self) -> HostName {
        self.domain.clone()
    }

    /// True if only a relay with `SMTPUTF8` can take it.
    pub fn is_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if has_control(text) {
            return Err(AddressError::Control);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Address)?;
        let domain = HostName::domain(domain).map_err(|_| AddressError::Domain)?;
        if local.len() > LONGEST_LOCAL || local.len() + 1 + domain.as_str().len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let options = Options::default().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&format!("{local}@{domain}"), options)
            .map_err(|_| AddressError::Address)?;
        Ok(Self { local: local.to_owned(), domain })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if has_control(text) {
            return Err(AddressError::Control);
        }
        let text = text.trim();
        let Some(before) = text.strip_suffix('>') else {
            return Ok(Self { name: None, address: text.parse()? });
        };
        let (name, address) = before.rsplit_once('<').ok_or(AddressError::Mailbox)?;
        Ok(Self { name: name_of(name.trim())?, address: address.trim().parse()? })
    }
}

fn name_of(written: &str) -> Result<Option<String>, AddressError> {
    let quoted = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name = match quoted {
        Some(inside) => unquoted(inside)?,
        None if written.contains(['"', '<', '>']) => return Err(AddressError::Mailbox),
        None => written.to_owned(),
    };
    if name.chars().count() > LONGEST_NAME {
        return Err(AddressError::LongName);
    }
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn unquoted(inside: &str) -> Result<String, AddressError> {
    let mut name = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Err(AddressError::Mailbox),
            '\\' => name.push(characters.next().ok_or(AddressError::Mailbox)?),
            other => name.push(other),
        }
    }
    Ok(name)
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else { return self.address.fmt(f) };
        if name.contains(|c: char| "\"\\<>()[]:;@,.".contains(c)) || name.trim() != name {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{escaped}\" <{}>", self.address)
        } else {
            write!(f, "{name} <{}>", self.address)
        }
    }
}

serde_by_text!(Address, Mailbox);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_told_from_addresses() {
        let mailbox: Mailbox = "\"Doe, \\\"Ann\\\"\" <ann@Example.com>".parse().unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Doe, \"Ann\""));
        assert_eq!(mailbox.address.to_string(), "ann@example.com");
        let bare: Mailbox = "<ann@example.com>".parse().unwrap();
        assert_eq!(bare.name, None);
    }

    #[test]
    fn other_scripts_are_addresses_too() {
        let address: Address = "jörg@bücher.example".parse().unwrap();
        assert_eq!(address.to_string(), "jörg@xn--bcher-kva.example");
        assert!(address.is_smtputf8());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@[127.0.0.1]",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@example.com\r\nBcc: x@y.com",
            "ann\0@example.com",
            "a..b@example.com",
            "Ann <ann@example.com> x",
            "Ann <<ann@example.com>",
            "a@b.com, c@d.com",
        ] {
            assert!(text.parse::<Mailbox>().is_err(), "{text:?}");
        }
        assert_eq!(
            format!("{}@example.com", "a".repeat(65)).parse::<Address>(),
            Err(AddressError::TooLong)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(name in "[^\\p{C}\\p{Z}]{1,20}( [^\\p{C}\\p{Z}]{1,9})?") {
            let address = "ann@example.com".parse().unwrap();
            let mailbox = Mailbox { name: Some(name), address };
            prop_assert_eq!(mailbox.to_string().parse(), Ok(mailbox));
        }
    }
}
