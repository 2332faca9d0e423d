//! Grows the deliveries with the log: who was to be told what when it happened.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Builder;

use super::notices::{Of, told, told_of_tenant};
use super::prune;
use super::recipients::Recipients;
use super::save::{self, New};
use super::subscriptions::Subscriptions;
use crate::events::{EmailEvent, Fact, Recorded, TenantEvent, WebhookEvent};
use crate::projections::Projector;
use crate::projections::table::{Origin, Passing, Table};
use crate::values::{EventId, NoticeKind, RecipientKey};

/// The read model's name.
pub(super) const NAME: &str = "webhook_deliveries";

/// Notices that are held at once: a piece of the log may make more of them than memory has room for.
const HELD: usize = 5_000;

/// Keeps `webhook_deliveries` and `webhook_subscriptions`.
#[derive(Debug)]
pub struct WebhookDeliveries;

/// What was told, how often and with what success is work: no fact tells of it, so it is carried over
/// when the table is grown again. Else everybody would be told everything again.
const TABLES: &[Table] = &[
    Table {
        name: "webhook_subscriptions",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Stream("webhook_id"),
    },
    Table {
        name: "webhook_deliveries",
        tenant: Some("tenant_id"),
        work_state: &[
            "status",
            "attempts",
            "next_attempt_at",
            "attempted_at",
            "latency_ms",
            "response_status",
            "response_body",
            "error",
            "lease",
            "leased_until",
        ],
        origin: Origin::Position("position"),
    },
];

#[async_trait]
impl Projector for WebhookDeliveries {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let tenants: BTreeSet<String> = facts.iter().filter_map(concerned).collect();
        let tenants: Vec<String> = tenants.into_iter().collect();
        let begun = facts.iter().any(|one| matches!(one.fact, Fact::Webhook(..)));
        let subscriptions = Subscriptions::load(db, &tenants).await?;
        let Some(last) = facts.last().filter(|_| begun || !subscriptions.is_empty()) else {
            return Ok(());
        };
        let starting: Vec<String> =
            facts.iter().filter_map(|one| starting(one, &subscriptions, begun)).collect();
        let recipients = Recipients::load(db, &starting, last.position).await?;
        let mut growth = Growth::new(subscriptions, recipients);
        for recorded in facts {
            growth.take_in(recorded);
            if growth.new.len() >= HELD {
                save::insert(db, &std::mem::take(&mut growth.new)).await?;
            }
        }
        save::insert(db, &growth.new).await?;
        // Last of all, since some of theirs may have been added above.
        save::delete(db, &growth.gone).await?;
        save::blank(db, &growth.removed).await?;
        growth.subscriptions.save(db).await
    }

    fn passing(&self) -> Option<Passing> {
        Some(Passing { table: NAME, time: "created_at" })
    }

    async fn forget(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        prune::forget(db).await
    }
}

/// The tenant whose webhooks a fact may concern.
fn concerned(recorded: &Recorded) -> Option<String> {
    match &recorded.fact {
        Fact::Tenant(tenant, TenantEvent::Deleted) | Fact::Webhook(tenant, ..) => {
            Some(tenant.to_string())
        }
        Fact::Email(tenant, _, EmailEvent::ContentRemoved { .. }) => Some(tenant.to_string()),
        Fact::Email(tenant, _, event) => told(event).map(|_| tenant.to_string()),
        Fact::Tenant(tenant, event) => told_of_tenant(event).map(|_| tenant.to_string()),
        Fact::ApiKey(..)
        | Fact::Usage(..)
        | Fact::Domain(..)
        | Fact::Suppression(..)
        | Fact::Template(..) => None,
    }
}

/// The email that is about to be handed over, if a webhook may have to be told.
fn starting(recorded: &Recorded, known: &Subscriptions, begun: bool) -> Option<String> {
    let (tenant, email, EmailEvent::DeliveryStarted { .. }) = recorded.fact.about_email()? else {
        return None;
    };
    let wanted = known.of(&tenant.to_string(), NoticeKind::Sending).next().is_some();
    (begun || wanted).then(|| email.to_string())
}

/// What some facts do to the tables.
struct Growth {
    subscriptions: Subscriptions,
    recipients: Recipients,
    new: Vec<New>,
    /// Webhooks that are gone, with all that they were told.
    gone: Vec<String>,
    /// Emails whose contents somebody wanted gone, each after its tenant.
    removed: Vec<(String, String)>,
}

impl Growth {
    fn new(subscriptions: Subscriptions, recipients: Recipients) -> Self {
        let (new, gone, removed) = (Vec::new(), Vec::new(), Vec::new());
        Self { subscriptions, recipients, new, gone, removed }
    }

    fn take_in(&mut self, recorded: &Recorded) {
        match &recorded.fact {
            Fact::Webhook(tenant, webhook, event) => {
                let (tenant, webhook) = (tenant.to_string(), webhook.to_string());
                self.subscriptions.change((&tenant, &webhook), event);
                if matches!(event, WebhookEvent::Deleted) {
                    self.forget(vec![webhook]);
                }
            }
            Fact::Tenant(tenant, TenantEvent::Deleted) => {
                let gone = self.subscriptions.drop_tenant(&tenant.to_string());
                self.forget(gone);
            }
            Fact::Email(tenant, email, EmailEvent::ContentRemoved { .. }) => {
                self.removed.push((tenant.to_string(), email.to_string()));
            }
            Fact::Email(tenant, email, event) => {
                self.tell((&tenant.to_string(), &email.to_string()), event, recorded);
            }
            Fact::Tenant(tenant, event) => {
                if let Some(kind) = told_of_tenant(event) {
                    let tenant = tenant.to_string();
                    self.add((&tenant, &tenant), kind, &[String::new()], recorded);
                }
            }
            Fact::ApiKey(..)
            | Fact::Usage(..)
            | Fact::Domain(..)
            | Fact::Suppression(..)
            | Fact::Template(..) => {}
        }
    }

    fn forget(&mut self, webhooks: Vec<String>) {
        self.new.retain(|new| !webhooks.contains(&new.webhook));
        self.gone.extend(webhooks);
    }

    fn tell(&mut self, (tenant, email): (&str, &str), event: &EmailEvent, recorded: &Recorded) {
        let Some((kind, of)) = told(event) else { return };
        if self.subscriptions.of(tenant, kind).next().is_none() {
            return;
        }
        let text = |key: &RecipientKey| key.to_string();
        let recipients: Vec<String> = match of {
            Of::All(accepted) => accepted.recipients.all().map(|(_, key)| text(&key)).collect(),
            Of::Open => self.recipients.open(email, recorded.position).iter().map(text).collect(),
            Of::One(recipient) => vec![text(recipient)],
            Of::Someone => vec![String::new()],
        };
        self.add((tenant, email), kind, &recipients, recorded);
    }

    /// A notice to each webhook that wants it, for each recipient; `stream` is where the fact stands.
    fn add(
        &mut self,
        (tenant, stream): (&str, &str),
        kind: NoticeKind,
        recipients: &[String],
        recorded: &Recorded,
    ) {
        for webhook in self.subscriptions.of(tenant, kind) {
            for recipient in recipients.iter().cloned() {
                self.new.push(New {
                    id: id_of(recorded.id, webhook, &recipient).to_string(),
                    tenant: tenant.to_owned(),
                    webhook: webhook.to_owned(),
                    email: stream.to_owned(),
                    recipient,
                    kind,
                    position: recorded.position,
                    at: recorded.at,
                });
            }
        }
    }
}

/// The id of a notice: it has the time of its fact in it, and comes out the same whenever it is made.
fn id_of(fact: EventId, webhook: &str, recipient: &str) -> EventId {
    let mut digest = Sha256::new();
    for part in [&fact.to_string(), webhook, recipient] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut rest = [0; 10];
    rest.copy_from_slice(&digest[..10]);
    let millis = u64::try_from(fact.as_uuid().as_u128() >> 80).unwrap_or(0);
    EventId::from_uuid(Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
}
