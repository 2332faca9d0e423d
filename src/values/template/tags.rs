//! Which tags a template may hold: those that fill in and choose, none that reads, includes or redefines.

/// Helpers that hold a block, each with one parameter.
pub(super) const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];

/// Helpers that compare, with how many parameters each needs.
pub(super) const COMPARISONS: [(&str, usize); 9] = [
    ("eq", 2),
    ("ne", 2),
    ("gt", 2),
    ("gte", 2),
    ("lt", 2),
    ("lte", 2),
    ("and", 2),
    ("or", 2),
    ("not", 1),
];

/// What `handlebars` brings along and a mail has no use for.
pub(super) const UNUSED: [&str; 4] = ["log", "raw", "lookup", "len"];

/// Ours: counts a step. No caller can spell it otherwise than to count one more.
pub(super) const STEP: &str = ":step:";

/// Ours: notes its parameter as missing if it is.
pub(super) const NEED: &str = ":need:";

/// True for names that a variable cannot have.
pub(super) fn is_helper(name: &str) -> bool {
    BLOCKS.contains(&name) || COMPARISONS.iter().any(|(known, _)| *known == name)
}
