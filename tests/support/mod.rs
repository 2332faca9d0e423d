//! What several tests need: relays and name servers that do as they are told.

pub mod name_server;
pub mod relay;
