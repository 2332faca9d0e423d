//! `?at=`: a thing as it was at a moment.

use serde::Deserialize;
use utoipa::IntoParams;

use super::field::{Faults, Field, Unknown};
use super::problem::Problem;
use crate::values::Timestamp;

/// As of when a thing is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AtQuery {
    /// A moment that has passed, such as `2024-01-15T10:30:00Z`: the answer is as it was then.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-01-15T10:30:00Z")]
    at: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

impl AtQuery {
    /// Reads it; none is the present.
    pub fn read(self, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let at = moment(self.at, now, &mut faults);
        faults.done(Some(at))
    }
}

/// A moment as of which something is wanted.
pub fn moment(field: Field<String>, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let at = field.parsed::<Timestamp>("at", faults)?;
    if at > now {
        faults.add("at", "give a moment that has passed: what will be is not known");
    }
    Some(at)
}
