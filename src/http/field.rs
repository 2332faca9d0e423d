//! What a caller wrote into one field, so that all faults of a request can be told at once.
//!
//! Serde stops at the first fault. A [`Field`] takes whatever stands there and says later what was wrong;
//! it also keeps "absent" and `null` apart, which a merge needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::problem::{Detail, Problem};
use crate::commands::tenant::Change;

/// What a caller wrote into one field.
#[derive(Clone, Debug, Default)]
pub enum Field<T> {
    /// Nothing.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// Something of another type.
    Wrong,
    /// This.
    Given(T),
}

/// A type that can stand in a field, and how to ask for it.
pub trait Written: DeserializeOwned {
    /// Completes the sentence "give …". It never repeats what was given: that may be a secret.
    const WANTED: &'static str;
}

/// Fields that nobody knows: a typing error must not be passed over.
#[derive(Debug, Default)]
pub struct Unknown(BTreeSet<String>);

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Names)
    }
}

/// Reads the names of an object's fields.
struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Unknown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Unknown, M::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            names.insert(name);
        }
        Ok(Unknown(names))
    }
}

/// All that is wrong with a request.
#[derive(Debug, Default)]
pub struct Faults(Vec<Detail>);

impl<'de, T: Written> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(from)? {
            Value::Null => Self::Null,
            value @ (Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_)) => serde_json::from_value(value).map_or(Self::Wrong, Self::Given),
        })
    }
}

impl<T: Written> Field<T> {
    /// The value; its absence is a fault.
    pub fn required(self, field: &str, faults: &mut Faults) -> Option<T> {
        if matches!(self, Self::Absent | Self::Null) {
            faults.add(field, "this field is required");
        }
        self.optional(field, faults)
    }

    /// The value, if there is one; `null` is as good as nothing.
    pub fn optional(self, field: &str, faults: &mut Faults) -> Option<T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Given(value) => Some(value),
            Self::Wrong => {
                faults.add(field, format!("give {}", T::WANTED));
                None
            }
        }
    }

    /// What a merge does with it: absent keeps, `null` clears.
    pub fn change(self, field: &str, faults: &mut Faults) -> Change<T> {
        match self {
            Self::Null => Change::Clear,
            other @ (Self::Absent | Self::Wrong | Self::Given(_)) => {
                other.optional(field, faults).map_or(Change::Keep, Change::Set)
            }
        }
    }
}

impl Field<String> {
    /// The text as what it means.
    pub fn parsed<P>(self, field: &str, faults: &mut Faults) -> Option<P>
    where
        P: FromStr<Err: Display>,
    {
        let text = self.optional(field, faults)?;
        faults.keep(field, text.parse())
    }
}

/// What a merge does, with its value as what it means.
pub fn parsed<T, P, E: Display>(
    change: Change<T>,
    field: &str,
    faults: &mut Faults,
    parse: impl FnOnce(T) -> Result<P, E>,
) -> Change<P> {
    match change {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(value) => faults.keep(field, parse(value)).map_or(Change::Keep, Change::Set),
    }
}

/// What a merge does, with the object that was given as what it means.
pub fn within<T, P>(change: Change<T>, read: impl FnOnce(T) -> P) -> Change<P> {
    match change {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(value) => Change::Set(read(value)),
    }
}

impl Faults {
    /// One more.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Detail { field: field.into(), message: message.into() });
    }

    /// The value, or one more fault.
    pub fn keep<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// A text of one line, and of so many characters at most.
    pub fn line(&mut self, field: &str, text: &str, most: usize) -> Option<String> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= most;
        if fits && !text.chars().any(char::is_control) {
            return Some(text.to_owned());
        }
        self.add(field, format!("give 1 to {most} characters in one line"));
        None
    }

    /// What a merge does to such a text.
    pub fn line_change(
        &mut self,
        field: &str,
        change: Change<String>,
        most: usize,
    ) -> Change<String> {
        match change {
            Change::Set(text) => self.line(field, &text, most).map_or(Change::Keep, Change::Set),
            kept @ (Change::Keep | Change::Clear) => kept,
        }
    }

    /// Each unknown field is one; `inside` is where they stand.
    pub fn unknown(&mut self, inside: &str, unknown: &Unknown) {
        for name in &unknown.0 {
            self.add(format!("{inside}{}", shown(name)), "there is no such field");
        }
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// True if this field is among them.
    pub fn names(&self, field: &str) -> bool {
        self.0.iter().any(|fault| fault.field == field)
    }

    /// A text to look for. Postgres knows no NUL, so nothing can be found by one.
    pub fn plain(&mut self, field: &str, given: Field<String>) -> Option<String> {
        let text = given.optional(field, self)?;
        if text.contains('\0') {
            self.add(field, "give a text without NUL");
            return None;
        }
        Some(text)
    }

    /// Texts to look for, by their names.
    pub fn plain_map(
        &mut self,
        field: &str,
        given: Field<BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        let texts = given.optional(field, self)?;
        if texts.iter().any(|(name, text)| name.contains('\0') || text.contains('\0')) {
            self.add(field, "give texts without NUL");
            return None;
        }
        Some(texts)
    }

    /// The value that was read, unless something was wrong on the way.
    pub fn done<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(Problem::invalid(self.0)),
        }
    }
}

/// A caller's own name of something, fit to be shown to it again.
pub fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

macro_rules! written {
    ($($name:ty = $wanted:literal),+ $(,)?) => {$(
        impl $crate::http::field::Written for $name {
            const WANTED: &'static str = $wanted;
        }
    )+};
}
pub(super) use written;

written! {
    String = "a string",
    bool = "true or false",
    u16 = "a whole number from 0 to 65535",
    u32 = "a whole number from 0 to 4294967295",
    u64 = "a whole number, zero or more",
    f64 = "a number",
    Vec<String> = "a list of strings",
    BTreeMap<String, String> = "an object whose values are strings",
}
