//! What can be asked of a tenant's suppression list.

pub mod add_suppression;
pub mod remove_suppression;
mod state;

pub use add_suppression::AddSuppression;
pub use remove_suppression::RemoveSuppression;
pub use state::SuppressionState;
