//! To whom a tenant's mail does not go: in step with the log, since the next departure relies on it.

mod projector;
mod read;
mod source;

pub use projector::Suppressions;
pub use read::{SuppressionFilter, SuppressionRow, find, list, reasons};
pub use source::{advance, bounced_or_complained, cursor};
