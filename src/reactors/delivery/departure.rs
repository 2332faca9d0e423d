//! Mails of one claim begin together: one look-up of their pasts, one of their contents, one turn at the
//! log. What follows is each mail's own affair.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Delivery;
use super::attempt::{AGAIN, Subject};
use super::flights::Hold;
use crate::commands::CommandError;
use crate::commands::context::Context;
use crate::commands::email::StartDelivery;
use crate::projections::send_queue::Claimed;
use crate::tasks::Tasks;
use crate::telemetry::chain;
use crate::values::TenantId;

/// Contents up to this size, in bytes, are fetched for a whole claim at once; a larger one waits until its
/// own mail is prepared, so that a claim full of attachments is not held in memory before its time.
const SMALL: u64 = 64 * 1024;

/// A mail that a worker has claimed.
pub(super) struct Passenger {
    /// Which, and whose.
    pub(super) claimed: Claimed,
    /// Under which lease.
    pub(super) lease: Uuid,
    /// Until when that lease surely holds.
    pub(super) hold: Hold,
    /// The mail is another's by now.
    pub(super) called_off: CancellationToken,
}

/// Where the end of each attempt is told.
pub(super) type Ends = mpsc::Sender<(String, Uuid)>;

impl Delivery {
    /// Begins these mails, and lets each go its way.
    pub(super) async fn depart(self: Arc<Self>, mails: Vec<Passenger>, ends: Ends, tasks: Tasks) {
        let subjects = self.begun(&mails).await;
        for (mail, subject) in mails.into_iter().zip(subjects) {
            let (delivery, ends) = (Arc::clone(&self), ends.clone());
            tasks.spawn("attempt", async move {
                tokio::select! {
                    () = delivery.go(&mail, subject) => {}
                    () = mail.called_off.cancelled() => {}
                }
                // The worker may have gone before us when all is stopping.
                let _ = ends.send((mail.claimed.email_id, mail.lease)).await;
            });
        }
    }

    async fn go(&self, mail: &Passenger, subject: Option<Subject>) {
        if let Some(subject) = subject {
            return self.attempt(subject, &mail.hold).await;
        }
        // Whoever has it by now holds another lease; if nobody does, it need not wait.
        sleep(AGAIN).await;
        self.give_back(&mail.claimed.email_id, mail.lease).await;
    }

    /// `DeliveryStarted` is on disk before the first byte goes out; none for a mail that is not to be
    /// delivered now.
    async fn begun(&self, mails: &[Passenger]) -> Vec<Option<Subject>> {
        let starts: Vec<Option<StartDelivery>> = mails.iter().map(start).collect();
        let asked: Vec<StartDelivery> = starts.iter().flatten().copied().collect();
        let begun = match self.commands.run_all(&Context::reaction_of("delivery"), &asked).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(error = chain(&error), "deliveries cannot be started");
                return mails.iter().map(|_| None).collect();
            }
        };
        let mut subjects = HashMap::new();
        for (asked, begun) in asked.into_iter().zip(begun) {
            match begun {
                Ok(done) => subjects.extend(Subject::new(asked, done).map(|s| (asked.email, s))),
                Err(CommandError::Refused(refusal)) => {
                    tracing::debug!(email = %asked.email, %refusal, "nothing to deliver");
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(email = %asked.email, error, "its delivery cannot be started");
                }
            }
        }
        self.with_small_contents(&mut subjects).await;
        self.with_suppressed(&mut subjects).await;
        starts.into_iter().map(|start| subjects.remove(&start?.email)).collect()
    }

    /// What cannot be fetched now is asked for again by the mail itself.
    async fn with_small_contents<K>(&self, subjects: &mut HashMap<K, Subject>) {
        let small = subjects.values().filter(|subject| subject.content().size <= SMALL);
        let wanted: Vec<(TenantId, &str)> =
            small.map(|subject| (subject.tenant, subject.content().digest.as_str())).collect();
        match self.commands.store().contents(&wanted).await {
            Ok(contents) => {
                for subject in subjects.values_mut() {
                    let name = (subject.tenant, subject.content().digest.clone());
                    subject.sealed = contents.get(&name).cloned();
                }
            }
            Err(error) => tracing::debug!(%error, "contents cannot be read at once"),
        }
    }
}

/// None for names that only a damaged queue can hold.
fn start(mail: &Passenger) -> Option<StartDelivery> {
    Some(StartDelivery {
        tenant: mail.claimed.tenant_id.parse().ok()?,
        email: mail.claimed.email_id.parse().ok()?,
        lease: mail.lease,
        fence: u32::try_from(mail.claimed.fence).ok()?,
    })
}
