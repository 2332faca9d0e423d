//! The log's Merkle tree and its tenants' chains, as far as they are grown: for proofs and exports.
//!
//! The tree follows the log, so an append pays nothing for it. It can be thrown away and grown again,
//! and comes out the same; whether it still fits the facts, [`check`] can say.

pub mod check;
mod cursor;
pub mod export;
mod projector;
mod range;
mod rows;
pub mod tree;

pub use cursor::{caught_up, covered};
pub use projector::Audit;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Postgres did not answer.
    #[error("the audit tree cannot be read")]
    Database(#[from] sqlx::Error),
    /// The tree has not come so far, or is being grown again.
    #[error("the audit tree does not cover this yet: try again in a moment")]
    Behind,
    /// There is no such tree: it would be larger than the log.
    #[error("there are {covered} facts so far: give no more")]
    TooFar {
        /// So many there are.
        covered: u64,
    },
    /// Not all that is to be proven is in it.
    #[error(
        "a tree of this size does not have all that is to be proven: give a larger one, or none"
    )]
    TooSmall,
    /// It cannot be the beginning.
    #[error(
        "the older tree has more facts than the newer one: give its size as the newer one's, too"
    )]
    NewerThan,
    /// Nothing ever happened to it.
    #[error("there is no such tenant")]
    NoTenant,
    /// Nothing stands there, or it is somebody else's.
    #[error("there is no such fact")]
    NoFact,
    /// A note cannot be signed, or a line not be written.
    #[error("what was found cannot be written down")]
    Unwritable,
}
