//! The service as an operator has it: real processes that are killed, paused, stopped and started
//! again, on a Postgres that is killed too.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

mod audit;
mod chaos;
mod holds;
mod rig;
mod start;
#[path = "../support/mod.rs"]
pub mod support;
