//! Signs mail for the domain that it is from (RFC 6376), with RSA and with Ed25519 (RFC 8463).
//!
//! A [`KeyPair`] is made once a domain; a [`Signer`] is one of its keys, ready to sign. Header and body are
//! signed in their relaxed forms, since relays on the way fold and space as they like.

mod canonical;
mod keys;
mod signer;

pub use keys::{Algorithm, KeyError, KeyPair};
pub use signer::Signer;
