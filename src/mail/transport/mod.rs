//! Handing a mail to a relay: one answer for each recipient, whatever happens on the way.

mod connect;
mod discretion;
mod failure;
mod outcome;
mod pace;
mod patience;
mod pool;
mod probe;
mod route;
mod session;
mod smtp;
mod starttls;
mod wire;

use async_trait::async_trait;

pub use outcome::{Outcome, Sent, Stage, Trouble};
pub use probe::{described, probe};
pub use route::{Defaults, Route, RouteKey, Routes};
pub use smtp::Smtp;

use super::compose::Message;
use crate::values::Address;

/// Who a mail is from and for, as the relay is told; not what its headers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where bounces go.
    pub from: Address,
    /// Everybody who gets it, hidden or not.
    pub to: Vec<Address>,
}

/// Whether a mail may still go; asked at the last moment before it could be sent in vain or twice.
pub type Still<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// The edge of the world: what carries mail away.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Tries once, for as long as the route's timeouts let it, and tells of every recipient.
    ///
    /// It may wait before it tries: for a connection of the route to become free, or for the
    /// route's pace. Dropping the future closes the connection.
    async fn send(&self, route: &Route, envelope: &Envelope, message: &Message) -> Sent;
}
