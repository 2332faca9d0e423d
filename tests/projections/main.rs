//! The read models against a real Postgres: whatever happens, they are what the log says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

#[path = "../log_support/asks.rs"]
mod asks;
#[path = "../log_support/node.rs"]
mod node;
#[path = "../log_support/patience.rs"]
mod patience;

mod audit;
mod first_version;
mod fold;
mod followers;
mod later;
mod lives;
mod queue;
mod rebuild;
mod replay;
mod schema;
mod tables;
mod tamper;
mod templates;
mod trouble;
mod truth;
mod verify;
