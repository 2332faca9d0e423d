//! How a notice is signed and posted to a webhook: knows addresses and secrets, but no tenants, facts or tables.

mod answer;
mod lookup;
mod post;
mod secrets;
mod signature;
mod tls;

pub use answer::Answer;
pub use lookup::{Lookup, SystemLookup};
pub use post::{PostError, Poster, Settings};
pub use secrets::{Kept, Secrets};
pub use signature::{Notice, Signed};
pub use tls::choose_cryptography;
