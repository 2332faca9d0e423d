//! What webhooks are to be told, and what came of it: queue and log in one, grown from the facts of emails.
//!
//! A row's id follows from the fact, the webhook and the recipient, so what is grown again has the ids of
//! before, and takes over what was done: nobody is told anything twice because of it.

mod claim;
mod log;
mod notices;
mod outcome;
mod projector;
mod prune;
mod recipients;
mod save;
mod subscriptions;

pub use claim::{Claimed, Wanted, claim, give_back, pending};
pub use log::{DeliveryRow, find, list, retry};
pub use outcome::{Outcome, Verdict, record};
pub use projector::WebhookDeliveries;
pub use prune::{KEPT, prune};
