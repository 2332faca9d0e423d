//! How mail is written and handed over; knows nothing of tenants, HTTP or tables.
//!
//! A [`Letter`] becomes a [`Message`] in [`compose`](compose::compose), and a [`Message`] reaches a
//! relay by a [`transport`]. Without a relay of one's own, the [`outbox`] is one inside the process.
//! What comes back to us by a [`server`] is read by a [`report`].

pub mod compose;
pub mod dkim;
pub mod dns;
pub mod letter;
pub mod outbox;
pub mod report;
pub mod server;
pub mod tracking;
pub mod transport;

pub use compose::{ComposeError, Message, compose};
pub use letter::Letter;
