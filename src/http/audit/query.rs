//! Numbers of facts, as a caller writes them.

use std::str::FromStr;

use crate::http::field::{Faults, Field};

/// A number of facts, or a fact's place among them.
struct Number(i64);

#[derive(Debug, thiserror::Error)]
#[error("give a whole number such as 1000")]
struct NumberError;

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self).ok_or(NumberError)
    }
}

/// A number of facts, if one was given.
pub(super) fn size(field: Field<String>, name: &str, faults: &mut Faults) -> Option<u64> {
    let number = field.parsed::<Number>(name, faults)?;
    u64::try_from(number.0).ok()
}

/// A fact's place, which must be given.
pub(super) fn position(field: Field<String>, name: &str, faults: &mut Faults) -> Option<i64> {
    if matches!(field, Field::Absent | Field::Null) {
        faults.add(name, "this parameter is required");
    }
    field.parsed::<Number>(name, faults).map(|number| number.0)
}
