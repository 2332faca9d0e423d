//! Delivers what is due: takes it fairly, hands it over, tells what came of it.

mod allowance;
mod attempt;
mod bounced_to;
mod departure;
mod flights;
mod sender;
mod signing;
mod suppressed;
mod traces;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use crate::clock::Clock;
use crate::commands::email::{RetrySchedule, Senders};
use crate::commands::executor::Executor;
use crate::mail::transport::{Routes, Smtp};
use crate::tasks::Tasks;
use crate::values::{PublicUrl, ReturnPath, SecretKey};

pub use signing::Signing;

/// All that the delivery needs.
#[derive(Clone)]
pub struct Delivery {
    /// The send queue.
    pub pool: PgPool,
    /// Tells what happened.
    pub commands: Executor,
    /// Opens the contents.
    pub secrets: SecretKey,
    /// Which way mail goes.
    pub routes: Routes,
    /// Carries it.
    pub smtp: Smtp,
    /// How patient we are.
    pub retry: RetrySchedule,
    /// Mails on their way at once.
    pub workers: usize,
    /// A mail is ours for so long, and is made so again every quarter of it.
    pub lease: Duration,
    /// What time it is.
    pub clock: Clock,
    /// Where bounces go, if we take them.
    pub return_path: Option<ReturnPath>,
    /// Signs mail for its domain.
    pub signing: Signing,
    /// Where recipients reach us; none: nothing is tracked.
    pub public_url: Option<PublicUrl>,
    /// From which of its domains a tenant may send.
    pub senders: Senders,
}

impl Delivery {
    /// Delivers until the tasks are stopped.
    pub fn start(self, tasks: &Tasks) {
        let worker = worker::Worker::new(Arc::new(self), tasks.clone());
        tasks.spawn("delivery", worker.run());
    }
}
