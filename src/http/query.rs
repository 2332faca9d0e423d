//! What stands after the `?`: read by the same rules as a body, so a typing error is never passed over.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::field::{Faults, Unknown};
use super::problem::Problem;

/// The parameters of a request, as a type whose members are [`Field`](super::field::Field)s.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::malformed("the query cannot be read: percent-encode it"))?;
        if is_no_text(parts.uri.query().unwrap_or_default(), &pairs.0) {
            return Err(Problem::malformed("the query is not valid UTF-8"));
        }
        let mut object = Map::new();
        for (name, value) in pairs.0 {
            insert(&mut object, &name, value)?;
        }
        let read = serde_json::from_value(Value::Object(object));
        read.map(Self).map_err(|error| Problem::malformed(error.to_string()))
    }
}

/// What is no UTF-8 comes as a replacement character, which can also be meant.
fn is_no_text(query: &str, pairs: &[(String, String)]) -> bool {
    let replaced = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    let meant = query.to_ascii_uppercase().contains("%EF%BF%BD");
    !meant && pairs.iter().any(|(name, value)| replaced(name) || replaced(value))
}

/// A route that knows no parameters: whichever is given is a typing error.
#[derive(Clone, Copy, Debug)]
pub struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(given) = Query::<Unknown>::from_request_parts(parts, state).await?;
        let mut faults = Faults::default();
        faults.unknown("", &given);
        faults.done(Some(Self))
    }
}

/// `metadata[order]=42` is an entry of `metadata`.
fn insert(object: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Problem> {
    let inner = name.strip_suffix(']').and_then(|name| name.split_once('['));
    let before = match inner {
        Some((outer, key)) => {
            let slot = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            match slot.as_object_mut() {
                Some(entries) => entries.insert(key.to_owned(), Value::String(value)),
                None => Some(Value::Null),
            }
        }
        None => object.insert(name.to_owned(), Value::String(value)),
    };
    match before {
        None => Ok(()),
        Some(_) => Err(Problem::invalid_field(name, "give it once")),
    }
}
