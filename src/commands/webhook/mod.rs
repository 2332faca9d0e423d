//! What can be asked of a webhook.

pub mod create_webhook;
pub mod delete_webhook;
pub mod disable_webhook;
pub mod rotate_secret;
mod state;
pub mod update_webhook;

pub use create_webhook::CreateWebhook;
pub use delete_webhook::DeleteWebhook;
pub use disable_webhook::DisableWebhook;
pub use rotate_secret::RotateSecret;
pub use state::{Webhook, WebhookState};
pub use update_webhook::UpdateWebhook;
