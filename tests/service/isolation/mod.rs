//! Who may do what: every route of the service's own description, asked by every kind of caller.

mod callers;
mod ids;
pub(crate) mod table;
pub(crate) mod world;
