//! The service as its users see it: through HTTP and SMTP, on a real Postgres.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

mod app;
mod as_of;
mod audit;
mod batch;
mod bounces;
mod delivery;
mod domains;
mod erasure;
mod history;
mod idempotency;
mod input;
mod isolation;
mod keys;
mod limits;
mod operations;
mod page;
mod reads;
mod secrets;
#[path = "../support/mod.rs"]
pub mod support;
mod suppressions;
mod templates;
mod tenants;
mod tracking;
mod usage;
mod webhooks;
