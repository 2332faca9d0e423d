//! What is known of a read table besides its columns: whose its rows are, and which facts make them.

/// A table that a projector keeps.
///
/// It has a primary key. While it is grown again it has that and its unique indexes only; the others are
/// built at the end, so a projector finds its own rows by one of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that says whose a row is; none if its rows belong to nobody.
    pub tenant: Option<&'static str>,
    /// Columns that say what is being done just now, and not what happened: they are carried over when
    /// the table is grown again, and not compared.
    pub work_state: &'static [&'static str],
    /// Which facts make a row.
    pub origin: Origin,
}

/// Rows that are kept for a time only. Those from before the horizon of their cursor are gone or about to go,
/// and count no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// The table that they are in.
    pub table: &'static str,
    /// The column that says from when a row is.
    pub time: &'static str,
}

/// Which facts make a row, for whoever has to look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Those of the stream that this column names.
    Stream(&'static str),
    /// The one at the position that this column names.
    Position(&'static str),
    /// Those of the tenant and the UTC day that these columns name.
    Day {
        /// Whose.
        tenant: &'static str,
        /// When.
        day: &'static str,
    },
    /// More than can be named.
    Log,
}
