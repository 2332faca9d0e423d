//! What an auditor asks for over HTTP, and can check without trusting the service.

mod export;
mod proofs;
