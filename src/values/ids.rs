//! Identifiers: a prefix and a UUIDv7 as TypeIDs (<https://github.com/jetify-com/typeid>).

use std::fmt;
use std::str::FromStr;

use uuid::{Builder, Uuid};

use super::Timestamp;
use super::text::serde_by_text;

/// Crockford's base 32, in lower case as the TypeID specification has it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits at five a character.
const LENGTH: usize = 26;

/// Why a text is no identifier of the kind that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind: it begins with {0:?} and 26 further characters follow")]
pub struct IdError(&'static str);

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What each of them begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new one: the moment, and random bits so that nobody makes the same or guesses it.
            pub fn at(now: Timestamp) -> Self {
                Self(uuid_at(now))
            }

            /// The one with this number.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Its number.
            pub fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix).and_then(decode).map(Self).ok_or(IdError($prefix))
            }
        }

        serde_by_text!($name);
    )+};
}

ids! {
    /// A tenant.
    TenantId = "tenant_";
    /// An API key; not the token that opens doors.
    KeyId = "key_";
    /// An email.
    EmailId = "msg_";
    /// A fact in the log.
    EventId = "evt_";
    /// A domain that a tenant sends from.
    DomainId = "dom_";
    /// An address on a tenant's suppression list: made of the address, not of the moment.
    SuppressionId = "supp_";
    /// A template.
    TemplateId = "tmpl_";
    /// A webhook.
    WebhookId = "wh_";
}

fn uuid_at(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.as_datetime().timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

fn encode(uuid: Uuid) -> String {
    let number = uuid.as_u128();
    let digit = |place: usize| {
        let five_bits = (number >> (5 * (LENGTH - 1 - place))) & 31;
        usize::try_from(five_bits).map_or('0', |index| char::from(ALPHABET[index]))
    };
    (0..LENGTH).map(digit).collect()
}

fn decode(text: &str) -> Option<Uuid> {
    // The first character carries three bits only: a greater one would not fit.
    if text.len() != LENGTH || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    let digits = text.bytes().map(|byte| ALPHABET.iter().position(|known| *known == byte));
    let number = digits
        .into_iter()
        .try_fold(0_u128, |number, digit| Some((number << 5) | u128::try_from(digit?).ok()?))?;
    Some(Uuid::from_u128(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_specifications_example() {
        let uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let id = TenantId::from_uuid(uuid);
        assert_eq!(id.to_string(), "tenant_01h455vb4pex5vsknk084sn02q");
        assert_eq!("tenant_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
    }

    #[test]
    fn other_kinds_and_other_texts_are_none() {
        for text in [
            "key_01h455vb4pex5vsknk084sn02q",
            "tenant_01h455vb4pex5vsknk084sn02",
            "tenant_81h455vb4pex5vsknk084sn02q",
            "tenant_01H455VB4PEX5VSKNK084SN02Q",
            "tenant_01h455vb4pex5vsknk084sn02u",
            "",
        ] {
            assert!(text.parse::<TenantId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(number: u128) {
            let id = EmailId::from_uuid(Uuid::from_u128(number));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
