//! Page, limit, cursor: the same in every list.

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Counts from one; ignored when there is a cursor.
    pub page: u32,
    /// At most so many entries.
    pub limit: u32,
    /// The list goes on after this entry.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// The entries.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: i64,
    /// Where the list goes on; none at its end.
    pub next_cursor: Option<String>,
}

impl PageRequest {
    /// How many entries to skip.
    pub(super) fn offset(&self) -> i64 {
        let pages = if self.cursor.is_some() { 0 } else { self.page.saturating_sub(1) };
        i64::from(pages) * i64::from(self.limit)
    }

    /// One entry more than wanted, to see whether the list goes on.
    pub(super) fn one_more(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes a page of what was found with [`one_more`](Self::one_more).
    pub(super) fn page_of<T>(
        &self,
        mut rows: Vec<T>,
        total: i64,
        key: impl Fn(&T) -> String,
    ) -> Paged<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(key);
        Paged { rows, total, next_cursor }
    }
}
