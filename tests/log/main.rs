//! The log against a real Postgres: order, guards, receipts, and what happens when things go wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails like a test")]

#[path = "../log_support/asks.rs"]
mod asks;
#[path = "../log_support/node.rs"]
mod node;
#[path = "../log_support/patience.rs"]
mod patience;

mod append_only;
mod guards;
mod haste;
mod migrations;
mod order;
mod receipts;
mod trouble;
mod turns;
