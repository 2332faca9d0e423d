//! What a merge does to one field.

/// What is absent stays, `null` clears, a value is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays what it is.
    #[default]
    Keep,
    /// There is none afterwards.
    Clear,
    /// It is this afterwards.
    Set(T),
}

impl<T: Clone> Change<T> {
    /// What there is afterwards.
    pub fn over(&self, now: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => now.cloned(),
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}
