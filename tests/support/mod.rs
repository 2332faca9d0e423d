//! What several tests need: relays that do as they are told.

pub mod relay;
