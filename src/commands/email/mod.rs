//! What can be asked of an email.

pub mod cancel_email;
mod draft;
mod readings;
pub mod record_bounce;
pub mod record_complaint;
pub mod record_delivery;
pub mod record_reading;
pub mod remove_content;
mod reported;
mod retry;
pub mod send_email;
pub mod start_delivery;
mod state;

pub use cancel_email::CancelEmail;
pub use draft::{Draft, Senders};
pub use record_bounce::{FailedRecipient, RecordBounce};
pub use record_complaint::RecordComplaint;
pub use record_delivery::{RecipientOutcome, RecordDelivery};
pub use record_reading::RecordReading;
pub use remove_content::RemoveContent;
pub use retry::RetrySchedule;
pub use send_email::SendEmail;
pub use start_delivery::StartDelivery;
pub use state::{Email, EmailState, Pending, Stage};
