//! A domain as its A-label: what DNS and SMTP know, whatever script it was written in.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::text::serde_by_text;

/// A host name in lower case and ASCII, or an IP address where a relay may be one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

/// Why a text names no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostNameError {
    /// Not a mail domain.
    #[error("not a valid domain: give a host name such as example.com")]
    Domain,
    /// Not a relay's host.
    #[error("not a valid host: give a name such as smtp.example.com, or an IP address")]
    Relay,
}

impl HostName {
    /// A mail domain: at least two labels, and no IP address (RFC 5890, RFC 1123).
    pub fn domain(text: &str) -> Result<Self, HostNameError> {
        let name = a_label(text).ok_or(HostNameError::Domain)?;
        let last = name.rsplit('.').next().unwrap_or_default();
        if !name.contains('.') || last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(HostNameError::Domain);
        }
        Ok(Self(name))
    }

    /// Where a relay listens: a host name, `localhost`, or an IP address.
    pub fn relay_host(text: &str) -> Result<Self, HostNameError> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let name = a_label(text).ok_or(HostNameError::Relay)?;
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(HostNameError::Relay);
        }
        Ok(Self(name))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn a_label(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if is_plain(text) {
        return Some(text.to_owned());
    }
    idna::domain_to_ascii_strict(text).ok().filter(|name| !name.is_empty())
}

/// True for nearly every name there is: it stands there as its A-label, and there is no need to work that out.
/// Names are read again with each fact that holds one.
fn is_plain(text: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    // Two hyphens may be the mark of an A-label.
    let plain = |label: &str| {
        (1..=63).contains(&label.len())
            && label.as_bytes().iter().all(letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains("--")
    };
    text.len() <= 253 && text.split('.').all(plain)
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    /// Reads what was written before, of either kind.
    fn from_str(text: &str) -> Result<Self, HostNameError> {
        Self::relay_host(text)
    }
}

serde_by_text!(HostName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_need_not_be_worked_out_is_what_it_would_be(text in "[a-c0-1A.ß-]{1,9}|([a-z0-9-]{1,70}\\.){1,6}[a-z]{2}") {
            let bare = text.strip_suffix('.').unwrap_or(&text);
            let worked_out = idna::domain_to_ascii_strict(bare).ok().filter(|name| !name.is_empty());
            prop_assert_eq!(a_label(&text), worked_out);
        }
    }

    #[test]
    fn any_script_becomes_its_a_label() {
        assert_eq!(HostName::domain("Bücher.Example.").unwrap().as_str(), "xn--bcher-kva.example");
        assert_eq!(HostName::domain("ACME.com").unwrap().as_str(), "acme.com");
    }

    #[test]
    fn a_domain_is_neither_an_address_nor_a_single_label() {
        for text in ["", "acme", "127.0.0.1", "a..b", "-a.com", "a b.com", "a_b.com", "a.com\r\n"] {
            assert!(HostName::domain(text).is_err(), "{text:?}");
        }
        assert!(HostName::domain(&format!("{}.com", "a".repeat(64))).is_err());
    }

    #[test]
    fn a_relay_may_be_an_address_or_a_single_label() {
        for text in ["localhost", "127.0.0.1", "::1", "[::1]", "smtp.acme.com"] {
            assert!(HostName::relay_host(text).is_ok(), "{text}");
        }
        for text in ["", "smtp.acme.com:25", "999.1.1.1", "a/b", "a\0b.com"] {
            assert!(HostName::relay_host(text).is_err(), "{text:?}");
        }
    }
}
