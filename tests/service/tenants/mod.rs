//! Tenants: made, found, changed, stopped.

mod changes;
mod domains;
mod lists;
mod reputation;
