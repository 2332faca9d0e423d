//! Templates that were parsed lately: to parse one takes far longer than to fill it.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::fill::Ready;
use crate::projections::templates::TemplateRow;

/// What is kept in all, in bytes as [`weight`] guesses them.
const ROOM: u64 = 64 * 1024 * 1024;

/// What a tag takes once it is parsed, in bytes, about.
const TAG: usize = 1_024;

/// What nobody asks for is forgotten after so long: its tenant may be gone.
const IDLE: Duration = Duration::from_secs(600);

/// Parsed templates by id and version: what a version says never changes.
#[derive(Clone, Debug)]
pub struct Shelf(Cache<(String, i64), Arc<Ready>>);

impl Default for Shelf {
    fn default() -> Self {
        let kept = Cache::builder().max_capacity(ROOM).time_to_idle(IDLE);
        Self(kept.weigher(|_, ready: &Arc<Ready>| ready.weight()).build())
    }
}

impl Shelf {
    /// This template, parsed now if it was not lately: that takes its time.
    pub fn get(&self, row: TemplateRow) -> Arc<Ready> {
        let key = (row.id.clone(), row.version);
        self.0.get_with(key, || Arc::new(Ready::of(row)))
    }
}

/// What a template takes once it is parsed: its text, and much more than the text for each tag.
pub(super) fn weight<'a>(parts: impl Iterator<Item = &'a str>) -> u32 {
    let size: usize = parts.map(|part| part.len() + part.matches("{{").count() * TAG).sum();
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn row(version: i64, text: &str) -> TemplateRow {
        let (id, name) = ("tmpl_1".to_owned(), "hello".to_owned());
        let (text, subject, html) = (Some(text.to_owned()), None, None);
        let (created_at, updated_at) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        TemplateRow { id, version, name, subject, html, text, created_at, updated_at }
    }

    #[test]
    fn a_version_is_parsed_once_and_the_next_one_anew() {
        let shelf = Shelf::default();
        let first = shelf.get(row(1, "{{a}}"));
        assert!(Arc::ptr_eq(&first, &shelf.get(row(1, "{{a}}"))));
        assert!(!Arc::ptr_eq(&first, &shelf.get(row(2, "{{b}}"))));
    }

    #[test]
    fn tags_weigh_more_than_their_text() {
        assert_eq!(weight(["ab{{c}}", "{{d}}"].into_iter()), 12 + 2 * 1_024);
    }
}
