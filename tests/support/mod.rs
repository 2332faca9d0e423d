//! What several tests need: relays, name servers and receivers of webhooks that do as they are told.

pub mod name_server;
pub mod receiver;
pub mod relay;
