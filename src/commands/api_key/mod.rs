//! What can be asked of an API key.

pub mod create_api_key;
pub mod revoke_api_key;
pub mod rotate_api_key;
mod state;

pub use create_api_key::{CreateApiKey, Granter, NewKey};
pub use revoke_api_key::RevokeApiKey;
pub use rotate_api_key::RotateApiKey;
pub use state::{Key, KeyState};

/// The sort of claim by which nodes that start with the same operator's key make one key of it.
const ADMIN_KEY: &str = "admin_key";
