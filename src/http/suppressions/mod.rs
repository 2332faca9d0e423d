//! `/v1/suppressions`: to whom a tenant's mail does not go.

pub mod add;
pub mod list;
pub mod remove;
pub mod view;
