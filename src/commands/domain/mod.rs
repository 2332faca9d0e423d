//! What can be asked of a domain that a tenant sends from.

pub mod add_domain;
pub mod delete_domain;
pub mod record_check;
mod state;

pub use add_domain::AddDomain;
pub use delete_domain::DeleteDomain;
pub use record_check::{Checked, RecordCheck};
pub use state::{Domain, DomainState};

/// So many domains may a tenant add: all of them stand in one fact of the tenant.
pub const MOST_DOMAINS: usize = 100;
