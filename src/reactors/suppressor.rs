//! Puts addresses on the suppression list of a tenant: those that do not exist, and those that complain.

use std::time::Duration;

use sqlx::PgPool;

use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::commands::suppression::AddSuppression;
use crate::events::email::Remark;
use crate::events::store::ReadError;
use crate::events::{EmailEvent, Fact};
use crate::projections::suppressions::{advance, bounced_or_complained, cursor};
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::{
    EmailId, EnhancedStatus, SecretKey, SuppressionId, SuppressionReason, TenantId,
};

const POLL: Duration = Duration::from_secs(1);

/// The head moves with every mail; a suppression may wait a little.
const PAUSE: Duration = Duration::from_millis(200);

/// Follows the log.
struct Suppressor {
    pool: PgPool,
    commands: Executor,
    secrets: SecretKey,
}

/// Why it waits.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error("an address cannot be suppressed")]
    Record(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Follows the log until the tasks are stopped.
pub fn start(pool: PgPool, commands: Executor, secrets: SecretKey, tasks: &Tasks) {
    let stopping = tasks.stopping();
    let suppressor = Suppressor { pool, commands, secrets };
    tasks.spawn("suppressor", async move {
        let mut head = suppressor.commands.store().head();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = head.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = suppressor.catch_up().await {
                tracing::warn!(error = chain(&error), "addresses are suppressed later");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    });
}

impl Suppressor {
    /// Each fact is acted on before the cursor passes it. A node that dies between, and another that follows at
    /// the same time, do it twice, and the command takes the second for what it is.
    async fn catch_up(&self) -> Result<(), Trouble> {
        loop {
            let after = cursor(&self.pool).await?;
            let (positions, end) = bounced_or_complained(&self.pool, after).await?;
            for position in positions {
                let piece = self.commands.store().read(position - 1, 1).await?;
                if let Some(trouble) = piece.trouble {
                    return Err(trouble.into());
                }
                for recorded in &piece.facts {
                    self.act_on(&recorded.fact).await?;
                }
            }
            if end <= after {
                return Ok(());
            }
            advance(&self.pool, end).await?;
        }
    }

    async fn act_on(&self, fact: &Fact) -> Result<(), Trouble> {
        let Fact::Email(tenant, email, event) = fact else { return Ok(()) };
        let Some((remark, reason)) = bad_address(event) else { return Ok(()) };
        let command = self.command((*tenant, *email), remark, reason);
        match self.commands.run(&Context::of("suppressor"), &command).await {
            // A deleted tenant needs no list.
            Ok(_) | Err(CommandError::Refused(_)) => Ok(()),
            Err(error) => Err(Trouble::Record(Box::new(error))),
        }
    }

    fn command(
        &self,
        (tenant, email): (TenantId, EmailId),
        remark: &Remark,
        reason: SuppressionReason,
    ) -> AddSuppression {
        let address = remark.recipient.clone();
        let id = SuppressionId::of(&self.secrets, tenant, &address);
        AddSuppression { tenant, id, address, reason, email: Some(email) }
    }
}

/// The address that gets nothing more, and why. A relay that refuses without an enhanced status (RFC 2034) has not
/// said what it minds: it may be the mail or its sender, and the address stays.
fn bad_address(event: &EmailEvent) -> Option<(&Remark, SuppressionReason)> {
    let (personal, reason) = match event {
        EmailEvent::RecipientBounced { personal, .. } => {
            let status = EnhancedStatus::leading(&personal.known()?.message)?;
            (personal, status.is_about_the_mailbox().then_some(SuppressionReason::HardBounce)?)
        }
        EmailEvent::BounceReceived { status, personal, .. } => {
            (personal, status.is_about_the_mailbox().then_some(SuppressionReason::HardBounce)?)
        }
        EmailEvent::ComplaintReceived { personal, .. } => (personal, SuppressionReason::Complaint),
        EmailEvent::Accepted(_)
        | EmailEvent::DeliveryStarted { .. }
        | EmailEvent::DeliveryInterrupted { .. }
        | EmailEvent::RecipientDelivered { .. }
        | EmailEvent::RecipientDeferred { .. }
        | EmailEvent::RecipientFailed { .. }
        | EmailEvent::RecipientSuppressed { .. }
        | EmailEvent::DeliveryRescheduled { .. }
        | EmailEvent::Cancelled { .. }
        | EmailEvent::ContentRemoved { .. }
        | EmailEvent::Opened { .. }
        | EmailEvent::Clicked { .. } => return None,
    };
    Some((personal.known()?, reason))
}
