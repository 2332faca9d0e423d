//! What makes tampering evident: pure mathematics over the stored bytes of facts, without a database.
//!
//! Each fact is a [`leaf`] of the log's Merkle [`tree`] (RFC 9162), and a link in the [`chain`] of its
//! tenant. A [`checkpoint`] is a signed tree head; a [`proof`] leads from a leaf, or from an older
//! tree, to it. An [`export`] carries a tenant's facts with all of that, and [`inspection`] checks one offline.
//! What exactly is hashed is written down for outsiders in `docs/audit.md`.

pub mod chain;
pub mod checkpoint;
pub mod export;
pub mod hash;
pub mod inspection;
pub mod key;
pub mod leaf;
pub mod proof;
pub mod tile;
pub mod tree;

pub use hash::Hash;
