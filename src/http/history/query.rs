//! Which facts are wanted.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::field::{Faults, Field, Unknown, shown};
use crate::http::page;
use crate::http::problem::Problem;
use crate::projections::history::{HistoryFilter, types};
use crate::values::{TenantId, Timestamp};

/// Which facts are wanted, and which part of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Types of events, separated by commas; `email.*` stands for all of that noun.
    #[serde(default, rename = "type")]
    #[param(value_type = Option<String>, example = "email.accepted,api_key.*")]
    kind: Field<String>,
    /// What it happened to: the id of an email, of a key or of the tenant, as in `subject`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    stream: Field<String>,
    /// Recorded at or after this moment.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-01-01T00:00:00Z")]
    since: Field<String>,
    /// Recorded before this moment.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-02-01T00:00:00Z")]
    until: Field<String>,
    /// After the event at this position.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Field<String>,
    /// Events in a page, 20 if absent; a stream has no pages.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Field<String>,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    cursor: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Which part of the facts is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// After this position.
    pub(super) after: i64,
    /// At most so many.
    pub(super) limit: u32,
}

impl HistoryQuery {
    /// Reads it, for a page or for the whole history.
    pub(super) fn read(
        self,
        tenant: TenantId,
        whole: bool,
    ) -> Result<(HistoryFilter, Part), Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let types = self.kind.optional("type", &mut faults);
        let types = types.map(|names| types_of(&names, &mut faults));
        let stream = faults.plain("stream", self.stream);
        let since = self.since.parsed::<Timestamp>("since", &mut faults);
        let until = self.until.parsed::<Timestamp>("until", &mut faults);
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            faults.add("until", "give a moment after since");
        }
        let after = place(self.after, "after", "give a position: 0 or more", &mut faults);
        let cursor = "give the next_cursor of the page before, as it was";
        let cursor = place(self.cursor, "cursor", cursor, &mut faults);
        if after.is_some() && cursor.is_some() {
            faults.add("after", "give either after or cursor");
        }
        let limit = page::limit(self.limit, &mut faults);
        if whole && limit.is_some() {
            faults.add("limit", "a stream has no pages: leave it out");
        }
        let part =
            Part { after: after.or(cursor).unwrap_or(0), limit: limit.unwrap_or(page::USUAL) };
        faults.done(Some((HistoryFilter { tenant, types, stream, since, until }, part)))
    }
}

/// Each type once, whatever was named twice.
fn types_of(names: &str, faults: &mut Faults) -> Vec<&'static str> {
    let mut all = Vec::new();
    for name in names.split(',').map(str::trim) {
        match types(name) {
            Some(found) => all.extend(found),
            None => faults.add("type", format!("there is no type {:?}", shown(name))),
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn place(field: Field<String>, name: &str, wanted: &str, faults: &mut Faults) -> Option<i64> {
    let text = field.optional(name, faults)?;
    let place = text.parse().ok().filter(|place| *place >= 0);
    if place.is_none() {
        faults.add(name, wanted);
    }
    place
}
