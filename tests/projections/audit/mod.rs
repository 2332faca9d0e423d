//! The tree and the chains over a real log, and who tampers with either.

mod export;
mod log;
mod rewritten;
mod tampering;
mod tree;
