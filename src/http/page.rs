//! Page, limit, cursor: the same in every list.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::field::{Faults, Field, Unknown};
use super::problem::Problem;
use crate::projections::page::{PageRequest, Paged};

/// Entries in a page when nobody says.
pub const USUAL: u32 = 20;

/// Entries in a page at most.
const MOST: u32 = 100;

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Counts from one; ignored when there is a cursor.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Field<String>,
    /// Entries in a page; 20 if absent.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Field<String>,
    /// The `next_cursor` of the page before: the way to go deep.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    cursor: Field<String>,
}

/// What may be asked of a list that knows nothing but pages.
#[derive(Debug, Deserialize)]
pub struct PagesOnly {
    #[serde(flatten)]
    page: PageQuery,
    #[serde(flatten)]
    unknown: Unknown,
}

impl PagesOnly {
    /// Reads it, or says all that is wrong; `is_cursor` as for [`PageQuery::read`].
    pub fn read(self, is_cursor: impl Fn(&str) -> bool) -> Result<PageRequest, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let page = self.page.read(&mut faults, is_cursor);
        faults.done(Some(page))
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries, the newest first.
    pub data: Vec<T>,
    /// Where in the list they are.
    pub pagination: Pagination,
}

/// Where in a list a page is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pagination {
    /// Counts from one.
    pub page: u32,
    /// Entries in a page at most.
    pub limit: u32,
    /// Entries in all.
    pub total: i64,
    /// Where the list goes on; absent at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl PageQuery {
    /// Reads it; `is_cursor` tells a cursor of this list from other texts.
    pub fn read(self, faults: &mut Faults, is_cursor: impl Fn(&str) -> bool) -> PageRequest {
        let page = number(self.page, "page", u32::MAX, faults).unwrap_or(1);
        let limit = limit(self.limit, faults).unwrap_or(USUAL);
        let cursor = self.cursor.optional("cursor", faults);
        if cursor.as_deref().is_some_and(|cursor| !is_cursor(cursor)) {
            faults.add("cursor", "give the next_cursor of the page before, as it was");
        }
        PageRequest { page, limit, cursor }
    }
}

/// How many entries a page is to have, if that is said.
pub fn limit(field: Field<String>, faults: &mut Faults) -> Option<u32> {
    number(field, "limit", MOST, faults)
}

fn number(field: Field<String>, name: &str, most: u32, faults: &mut Faults) -> Option<u32> {
    let text = field.optional(name, faults)?;
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    if number.is_none() {
        faults.add(name, format!("give a whole number from 1 to {most}"));
    }
    number
}

impl<T> Page<T> {
    /// The answer to a request for a part of a list.
    pub fn of<R>(asked: &PageRequest, found: Paged<R>, show: impl Fn(R) -> T) -> Self {
        Self {
            data: found.rows.into_iter().map(show).collect(),
            pagination: Pagination {
                page: asked.page,
                limit: asked.limit,
                total: found.total,
                next_cursor: found.next_cursor,
            },
        }
    }
}
