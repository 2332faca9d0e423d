//! Takes in reports about mail that has left, by SMTP, and makes facts of them. It is no relay: it takes mail for
//! addresses alone that we have made ourselves, and sends none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;

use crate::commands::context::Context;
use crate::commands::email::{FailedRecipient, RecordBounce, RecordComplaint, record_bounce};
use crate::commands::executor::Executor;
use crate::commands::{Command, CommandError};
use crate::mail::report::{Complaint, Failure, Report};
use crate::mail::server::{Limits, Received, Receiver, serve};
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::{EmailId, ReturnPath, TenantId};

/// What is told stands at the beginning of a report; many hold the whole mail after it, which need not be kept.
const LIMITS: Limits = Limits {
    connections: 64,
    connections_of_one: 8,
    lasts: Duration::from_secs(120),
    bytes: 40 * 1024 * 1024,
    kept: 1024 * 1024,
    recipients: 10,
    refusals: 5,
};

const NOT_HERE: &str = "550 5.7.1 no mail is taken for this address";
const TAKEN: &str = "250 2.0.0 noted";
const LATER: &str = "451 4.3.0 try again later";

/// Takes reports.
struct Bounces {
    commands: Executor,
    return_path: ReturnPath,
}

/// It cannot be recorded now: the report must come again.
struct Later;

/// Listens there until the tasks are stopped; says where that is.
pub async fn listen(
    address: SocketAddr,
    commands: Executor,
    return_path: ReturnPath,
    tasks: &Tasks,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    serve(listener, Arc::new(Bounces { commands, return_path }), "bounces", tasks);
    Ok(address)
}

#[async_trait]
impl Receiver for Bounces {
    fn greeting(&self) -> (String, &'static str) {
        (self.return_path.domain().to_owned(), "ESMTP for reports only")
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn admits(&self, recipient: &str) -> Result<(), &'static str> {
        self.return_path.email(recipient).map(|_| ()).ok_or(NOT_HERE)
    }

    /// What is answered with 250 is in the log.
    async fn take(&self, mail: Received) -> String {
        let report = Report::read(&mail.raw);
        for email in mail.to.iter().filter_map(|to| self.return_path.email(to)) {
            if self.record(email, &report).await.is_err() {
                return LATER.to_owned();
            }
        }
        TAKEN.to_owned()
    }
}

impl Bounces {
    async fn record(&self, email: EmailId, report: &Report) -> Result<(), Later> {
        let owner = self.commands.store().owner_of(email).await.map_err(|error| {
            tracing::warn!(%email, %error, "a report must wait for the database");
            Later
        })?;
        // An email of which the log knows nothing was lost with a log that was restored: nothing can be told of it.
        let Some(tenant) = owner else { return Ok(()) };
        match report {
            Report::Failed(failed) => {
                metrics::counter!("selfmx_reports", "kind" => "bounce").increment(1);
                self.run(&bounce((tenant, email), failed)).await
            }
            Report::Complaint(complaint) => {
                metrics::counter!("selfmx_reports", "kind" => "complaint").increment(1);
                self.run(&complained((tenant, email), complaint)).await
            }
            Report::Other => {
                metrics::counter!("selfmx_reports", "kind" => "other").increment(1);
                tracing::debug!(%email, "a mail came back that reports nothing");
                Ok(())
            }
        }
    }

    async fn run<C>(&self, command: &C) -> Result<(), Later>
    where
        C: Command<Refusal = record_bounce::Refusal>,
    {
        match self.commands.run(&Context::of("bounces"), command).await {
            Ok(_) | Err(CommandError::Refused(record_bounce::Refusal::NotFound)) => Ok(()),
            Err(CommandError::Refused(record_bounce::Refusal::TooEarly)) => Err(Later),
            Err(error) => {
                tracing::warn!(error = chain(&error), "a report cannot be recorded yet");
                Err(Later)
            }
        }
    }
}

fn bounce((tenant, email): (TenantId, EmailId), failed: &[Failure]) -> RecordBounce {
    let failed = failed.iter().map(|one| FailedRecipient {
        named: one.named.clone(),
        status: one.status,
        message: one.diagnostic.clone(),
    });
    RecordBounce { tenant, email, failed: failed.collect() }
}

fn complained((tenant, email): (TenantId, EmailId), told: &Complaint) -> RecordComplaint {
    RecordComplaint {
        tenant,
        email,
        named: told.named.clone(),
        feedback: told.feedback,
        reporter: told.reporter.clone(),
    }
}
