//! What can be forgotten: known, or erased together with the key that opened it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What readers see in the place of what was erased.
pub const ERASED: &str = "[erased]";

/// Something about people. In the log it is sealed with the key of its tenant; once that key is destroyed
/// it reads as erased, and everything around it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Personal<T> {
    /// It can still be read.
    Known(T),
    /// Nobody can read it any more.
    Erased,
}

impl<T> Personal<T> {
    /// It, unless it was erased.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Erased => None,
        }
    }

    /// A part of it; what was erased has none.
    pub fn map<U>(&self, part: impl FnOnce(&T) -> U) -> Personal<U> {
        match self {
            Self::Known(value) => Personal::Known(part(value)),
            Self::Erased => Personal::Erased,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Erased => f.write_str(ERASED),
        }
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Erased => serializer.serialize_str(ERASED),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// An object is the value itself, and one text says that it was erased.
struct Either<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
    type Value = Personal<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object, or {ERASED:?}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == ERASED {
            return Ok(Personal::Erased);
        }
        Err(E::custom("personal data that were not opened"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Personal::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Name {
        name: String,
    }

    #[test]
    fn it_is_written_as_it_is_or_as_erased_and_read_again() {
        for (value, text) in [
            (Personal::Known(Name { name: "Ann".to_owned() }), r#"{"name":"Ann"}"#),
            (Personal::Erased, r#""[erased]""#),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            assert_eq!(serde_json::from_str::<Personal<Name>>(text).unwrap(), value);
        }
    }

    #[test]
    fn what_is_still_sealed_is_not_taken_for_anything_else() {
        assert!(serde_json::from_str::<Personal<Name>>(r#""v1.AAAA""#).is_err());
    }
}
