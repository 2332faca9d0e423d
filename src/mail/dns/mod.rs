//! What the DNS should say of a domain that mail comes from, and whether it does.
//!
//! [`records`] says which records there should be, [`resolver`] asks for them, [`inspector`] compares.

pub mod inspector;
pub mod records;
pub mod resolver;

pub use inspector::{Inspection, Inspector};
pub use records::{Plan, Wanted, zone};
pub use resolver::Resolver;
