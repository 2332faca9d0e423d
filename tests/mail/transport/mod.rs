//! Handing mail to relays that are well, ill and hostile.

mod answers;
mod bytes;
mod hostile;
mod login;
mod pooling;
mod recipients;
mod silence;
mod tls;
mod unicode;
