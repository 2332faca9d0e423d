//! What a decision rests on, and what it came to.

use std::sync::Arc;

use super::context::Cause;
use super::tenant::TenantState;
use crate::events::Fact;
use crate::values::Timestamp;

/// A stream's state and how many facts made it.
#[derive(Clone, Debug, Default)]
pub struct Past<S> {
    /// What decisions know of it.
    pub state: S,
    /// How many facts made it.
    pub version: i64,
    /// The last of them, for whoever acts because of it.
    pub last: Option<Cause>,
}

/// What a command came to.
#[derive(Clone, Debug)]
pub struct Done<S> {
    /// The stream's state afterwards, and how many facts it has then.
    pub past: Past<S>,
    /// The tenant as it was relied on; nobody, if the command relies on none.
    pub tenant: Arc<Past<TenantState>>,
    /// What was recorded; nothing if it was so already.
    pub facts: Vec<Fact>,
    /// When it was decided.
    pub at: Timestamp,
    /// Where the last of the facts stands in the log; zero if there is none.
    pub position: i64,
}
