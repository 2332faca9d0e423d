//! The same read models, folded in plain Rust from the log and written anew: what the tables must say.

use std::collections::BTreeMap;

use selfmx::events::{EmailEvent, Fact, Recorded, UsageEvent};
use selfmx::values::RecipientKey;

/// Of an email: its status, its attempts, and what became of each recipient.
pub(crate) type Email = (String, i32, BTreeMap<String, String>);

/// Of a tenant's day: sent, delivered, bounced, failed, cancelled, requests.
pub(crate) type Counts = [i64; 8];

/// What the log says in all.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Truth {
    pub(crate) emails: BTreeMap<String, Email>,
    pub(crate) usage: BTreeMap<(String, String), Counts>,
    pub(crate) tenants: BTreeMap<String, String>,
    /// The address of each recipient, by email and key.
    addresses: BTreeMap<(String, String), String>,
    /// Who waits for a worker, with how many recipients.
    pub(crate) queue: BTreeMap<String, i32>,
}

impl Truth {
    pub(crate) fn of(facts: &[Recorded]) -> Self {
        let mut truth = Self::default();
        for recorded in facts {
            truth.take_in(recorded);
        }
        // The tables know no keys.
        truth.addresses.clear();
        for (id, (_, _, recipients)) in &truth.emails {
            let pending = recipients.values().filter(|status| *status == "queued").count();
            if pending > 0 {
                truth.queue.insert(id.clone(), i32::try_from(pending).unwrap());
            }
        }
        truth
    }

    fn take_in(&mut self, recorded: &Recorded) {
        match &recorded.fact {
            Fact::Tenant(tenant, event) => {
                let name = serde_json::to_value(event).unwrap()["type"].to_string();
                let status = match name.trim_matches('"') {
                    "tenant.suspended" => "suspended",
                    "tenant.deleted" | "tenant.erased" => "deleted",
                    "tenant.sending_paused" => "paused",
                    _ => "active",
                };
                self.tenants.insert(tenant.to_string(), status.to_owned());
            }
            Fact::Usage(tenant, _, UsageEvent::ApiRequestsCounted { requests }) => {
                let day = (tenant.to_string(), recorded.at.day().to_string());
                let counts = self.usage.entry(day).or_default();
                counts[5] += i64::try_from(*requests).unwrap();
            }
            Fact::Email(tenant, email, event) => {
                self.live(&email.to_string(), event);
                let counted = counted(event);
                if counted != [0; 8] {
                    let day = (tenant.to_string(), recorded.at.day().to_string());
                    let counts = self.usage.entry(day).or_default();
                    counts.iter_mut().zip(counted).for_each(|(sum, more)| *sum += more);
                }
            }
            Fact::ApiKey(..)
            | Fact::Suppression(..)
            | Fact::Template(..)
            | Fact::Domain(..)
            | Fact::Webhook(..) => {}
        }
    }

    fn live(&mut self, id: &str, event: &EmailEvent) {
        let (status, attempts, recipients) = self.emails.entry(id.to_owned()).or_default();
        let addresses = &mut self.addresses;
        if let EmailEvent::Accepted(accepted) = event {
            for (_, key, mailbox) in accepted.everybody() {
                let address = mailbox.known().unwrap().address.to_string();
                addresses.insert((id.to_owned(), key.to_string()), address);
            }
        }
        let mut settle = |to: &RecipientKey, status: &str| {
            let address = &addresses[&(id.to_owned(), to.to_string())];
            recipients.insert(address.clone(), status.to_owned());
        };
        match event {
            EmailEvent::Accepted(accepted) => {
                "queued".clone_into(status);
                accepted.recipients.all().for_each(|(_, key)| settle(&key, "queued"));
            }
            EmailEvent::DeliveryStarted { attempt, .. } => {
                "sending".clone_into(status);
                *attempts = i32::try_from(*attempt).unwrap();
            }
            EmailEvent::DeliveryInterrupted { .. } | EmailEvent::DeliveryRescheduled { .. } => {
                "queued".clone_into(status);
            }
            EmailEvent::RecipientDelivered { recipient, .. } => settle(recipient, "delivered"),
            EmailEvent::RecipientBounced { recipient, .. }
            | EmailEvent::BounceReceived { recipient, .. } => settle(recipient, "bounced"),
            EmailEvent::RecipientFailed { recipient, .. } => settle(recipient, "failed"),
            EmailEvent::RecipientSuppressed { recipient, .. } => settle(recipient, "suppressed"),
            EmailEvent::ComplaintReceived { recipient, .. } => settle(recipient, "complained"),
            EmailEvent::RecipientDeferred { .. }
            | EmailEvent::ContentRemoved { .. }
            | EmailEvent::Opened { .. }
            | EmailEvent::Clicked { .. } => {}
            EmailEvent::Cancelled { recipients, .. } => {
                for to in recipients {
                    settle(to, "cancelled");
                }
            }
        }
        if recipients.values().all(|outcome| outcome != "queued") {
            let worst = ["failed", "bounced", "complained", "suppressed", "cancelled", "delivered"];
            let end = worst.into_iter().find(|end| recipients.values().any(|one| one == end));
            end.unwrap_or("queued").clone_into(status);
        }
    }
}

fn counted(event: &EmailEvent) -> Counts {
    let mut counts = [0; 8];
    match event {
        EmailEvent::Accepted(accepted) => {
            counts[0] = i64::try_from(accepted.recipients.len()).unwrap();
        }
        EmailEvent::RecipientDelivered { .. } => counts[1] = 1,
        EmailEvent::RecipientBounced { .. } => counts[2] = 1,
        EmailEvent::RecipientFailed { .. } => counts[3] = 1,
        EmailEvent::Cancelled { recipients, .. } => {
            counts[4] = i64::try_from(recipients.len()).unwrap();
        }
        EmailEvent::DeliveryStarted { .. }
        | EmailEvent::DeliveryInterrupted { .. }
        | EmailEvent::RecipientDeferred { .. }
        | EmailEvent::DeliveryRescheduled { .. }
        | EmailEvent::ContentRemoved { .. }
        | EmailEvent::Opened { .. }
        | EmailEvent::Clicked { .. } => {}
        EmailEvent::RecipientSuppressed { .. } => counts[6] = 1,
        EmailEvent::BounceReceived { .. } => (counts[1], counts[2]) = (-1, 1),
        EmailEvent::ComplaintReceived { .. } => counts[7] = 1,
    }
    counts
}
