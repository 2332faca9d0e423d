//! The emails with their recipients and timelines, as their senders see them.

mod changes;
mod details;
mod erase;
mod list;
mod log;
mod progress;
mod projector;
mod row;
mod save;
mod timeline;
mod under_way;

pub use details::{Details, find};
pub use list::{EmailFilter, list};
pub use log::{LogFilter, LogRow, log};
pub use progress::{Progress, RecipientRow};
pub use projector::Emails;
pub use row::EmailRow;
pub use timeline::{KINDS, Moment, moments};
