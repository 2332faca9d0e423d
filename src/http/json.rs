//! JSON as it must be: one object that names each thing once, and no more than a request has use for.
//!
//! Serde's own value keeps the last of two fields with one name: a proxy that reads the first would have
//! seen another request than we.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A request has use for some hundred values. A body of nothing but small ones would take up many times
/// its own size, and each could be at fault.
pub const MOST_VALUES: usize = 10_000;

/// Why a text is not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON, or too deep; at this line and column.
    Syntax(usize, usize),
    /// It is no object.
    NoObject,
    /// It names this twice.
    Twice(String),
    /// It holds more values than this.
    TooMuch(usize),
}

/// Reads an object of so many values at most.
pub fn object(text: &str, most: usize) -> Result<Map<String, Value>, Fault> {
    let reading = Reading { most, ..Reading::default() };
    let mut from = serde_json::Deserializer::from_str(text);
    let read = (&reading).deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Fault::NoObject),
        Err(error) => Err(match reading.fault.take() {
            Some(fault) => fault,
            None => Fault::Syntax(error.line(), error.column()),
        }),
    }
}

/// What is known while a text is read.
#[derive(Default)]
struct Reading {
    most: usize,
    values: Cell<usize>,
    /// The names of the objects in which we are.
    at: RefCell<Vec<String>>,
    fault: Cell<Option<Fault>>,
}

impl Reading {
    fn stop<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.set(Some(fault));
        E::custom("it is not taken")
    }
}

impl<'de> DeserializeSeed<'de> for &Reading {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > self.most {
            return Err(self.stop(Fault::TooMuch(self.most)));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            self.at.borrow_mut().push(name.clone());
            if all.contains_key(&name) {
                return Err(self.stop(Fault::Twice(self.at.borrow().join("."))));
            }
            all.insert(name, entries.next_value_seed(self)?);
            self.at.borrow_mut().pop();
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Result<Map<String, Value>, Fault> {
        super::object(text, MOST_VALUES)
    }

    #[test]
    fn a_name_that_stands_twice_is_told_with_its_place() {
        let twice = |text| object(text).unwrap_err();
        assert_eq!(twice(r#"{"a": 1, "b": 2, "a": 3}"#), Fault::Twice("a".to_owned()));
        let deep = r#"{"a": {"b": [{"c": 1}, {"c": 1, "\u0063": 2}]}}"#;
        assert_eq!(twice(deep), Fault::Twice("a.b.c".to_owned()));
    }

    #[test]
    fn one_name_in_two_objects_is_no_fault() {
        let text = r#"{"a": {"b": 1, "c": -2.5}, "d": {"b": [null, true, "x"]}}"#;
        let whole: Value = serde_json::from_str(text).unwrap();
        assert_eq!(object(text).map(Value::Object), Ok(whole));
    }

    #[test]
    fn what_is_no_object_or_no_json_is_not_taken() {
        assert_eq!(object("[]"), Err(Fault::NoObject));
        assert_eq!(object("{} {}"), Err(Fault::Syntax(1, 4)));
        assert!(matches!(object("{\"a\": 1e999}"), Err(Fault::Syntax(1, _))));
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        assert!(matches!(object(&deep), Err(Fault::Syntax(1, _))));
    }

    #[test]
    fn a_body_of_nothing_but_small_values_is_not_taken() {
        let many = |count| format!("{{\"a\": [{}0]}}", "0,".repeat(count));
        assert!(object(&many(MOST_VALUES - 10)).is_ok());
        assert_eq!(object(&many(MOST_VALUES)), Err(Fault::TooMuch(MOST_VALUES)));
    }
}
