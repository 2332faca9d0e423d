//! The mail room from outside: real SMTP with a relay that does as it is told.

mod compose;
mod letters;
mod outbox;
#[path = "../support/mod.rs"]
pub mod support;
mod transport;
