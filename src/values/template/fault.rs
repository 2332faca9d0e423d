//! What can be wrong with a template, and with what it is to be filled with.

/// Where a template is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct SyntaxFault {
    /// Counts from one.
    pub line: usize,
    /// Counts characters from one.
    pub column: usize,
    /// What to mend.
    pub what: String,
}

impl SyntaxFault {
    /// Something wrong at a line and a column.
    pub(super) fn at((line, column): (usize, usize), what: impl Into<String>) -> Self {
        Self { line, column, what: what.into() }
    }
}

/// Why a template cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// It names what nobody gave; each name once, in their alphabetical order.
    #[error("these variables are missing: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// More comes out than an email may hold.
    #[error("it renders to more than {0} bytes")]
    TooLong(usize),
    /// It goes round more often, or longer, than anybody waits for.
    #[error("it takes too long to render: it loops over too much")]
    TooMuchWork,
    /// The data are of a kind with which it cannot do what it says.
    #[error("it cannot be rendered with these data")]
    Unfit,
}
