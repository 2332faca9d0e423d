//! A random life of some tenants and their mail, lived through the real commands.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use selfmx::clock::Clock;
use selfmx::commands::context::Context;
use selfmx::commands::email::cancel_email::Because;
use selfmx::commands::email::{
    CancelEmail, Pending, RecipientOutcome, RecordDelivery, RetrySchedule, StartDelivery,
};
use selfmx::commands::tenant::{DeleteTenant, ResumeTenant, SuspendTenant};
use selfmx::commands::usage::RecordApiRequests;
use selfmx::commands::webhook::CreateWebhook;
use selfmx::reactors::orphans;
use selfmx::values::{EmailId, Mailbox, NoticeKind, Personal, RecipientKey, TenantId, WebhookId};
use uuid::Uuid;

use crate::asks;
use crate::node::Node;

const TO: &[&str] = &["ann@example.org", "Bob <bob@example.org>", "cy@example.net"];

/// Something that somebody does; the numbers choose whom it happens to.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Send { tenant: usize, recipients: usize },
    Start { email: usize, lease: u128 },
    Record { email: usize, lease: u128, outcomes: Vec<u8> },
    Cancel { email: usize },
    Suspend { tenant: usize },
    Resume { tenant: usize },
    Delete { tenant: usize },
    Count { tenant: usize, requests: u64 },
    Wait { hours: u64 },
}

/// Any life of three tenants, mail being most of it.
pub(crate) fn life() -> impl Strategy<Value = Vec<Act>> {
    let (tenant, email, lease) = (0..3_usize, 0..12_usize, 1..4_u128);
    let act = prop_oneof![
        6 => (tenant.clone(), 1..4_usize)
            .prop_map(|(tenant, recipients)| Act::Send { tenant, recipients }),
        8 => (email.clone(), lease.clone()).prop_map(|(email, lease)| Act::Start { email, lease }),
        8 => (email.clone(), lease, prop::collection::vec(0..5_u8, 3))
            .prop_map(|(email, lease, outcomes)| Act::Record { email, lease, outcomes }),
        2 => email.prop_map(|email| Act::Cancel { email }),
        1 => tenant.clone().prop_map(|tenant| Act::Suspend { tenant }),
        2 => tenant.clone().prop_map(|tenant| Act::Resume { tenant }),
        1 => tenant.clone().prop_map(|tenant| Act::Delete { tenant }),
        2 => (tenant, 1..500_u64).prop_map(|(tenant, requests)| Act::Count { tenant, requests }),
        1 => (1..30_u64).prop_map(|hours| Act::Wait { hours }),
    ];
    prop::collection::vec(act, 40..120)
}

/// A webhook that is told everything; nobody tells it, so nothing is said.
fn webhook(tenant: TenantId, clock: &Clock) -> CreateWebhook {
    CreateWebhook {
        tenant,
        webhook: WebhookId::at(clock.now()),
        url: "https://example.com/hooks".parse().unwrap(),
        events: [NoticeKind::All].into_iter().collect(),
        active: true,
        secret: "v1.AAAA".parse().unwrap(),
    }
}

/// The world in which it is lived.
pub(crate) struct World<'a> {
    pub(crate) node: &'a Node,
    pub(crate) clock: &'a Clock,
    tenants: Vec<TenantId>,
    emails: Vec<(TenantId, EmailId)>,
    fence: u32,
}

impl<'a> World<'a> {
    pub(crate) async fn begin(node: &'a Node, clock: &'a Clock) -> Self {
        let tenants: Vec<TenantId> = (0..3).map(|_| TenantId::at(clock.now())).collect();
        for (tenant, domain) in tenants.iter().zip(["acme.com", "b.example", "c.example"]) {
            let create = asks::tenant(*tenant, domain, None);
            node.commands.run(&Context::of("test"), &create).await.unwrap();
            let webhook = webhook(*tenant, clock);
            node.commands.run(&Context::of("test"), &webhook).await.unwrap();
        }
        Self { node, clock, tenants, emails: Vec::new(), fence: 0 }
    }

    /// Does all of it, whether it is refused or not.
    pub(crate) async fn live(&mut self, acts: &[Act]) {
        for act in acts {
            self.act(act).await;
        }
    }

    /// Ends all that is under way, so that everybody has an outcome.
    pub(crate) async fn come_to_rest(&mut self) {
        for email in 0..self.emails.len() {
            let lease = 9;
            self.act(&Act::Start { email, lease }).await;
            self.act(&Act::Record { email, lease, outcomes: vec![0, 1, 2] }).await;
        }
        for tenant in 0..self.tenants.len() {
            self.act(&Act::Delete { tenant }).await;
        }
        orphans::withdraw(&self.node.pool, &self.node.commands).await.unwrap();
    }

    async fn act(&mut self, act: &Act) {
        match act {
            Act::Send { tenant, recipients } => self.send(*tenant, *recipients).await,
            Act::Start { email, lease } => self.start(*email, *lease).await,
            Act::Record { email, lease, outcomes } => self.record(*email, *lease, outcomes).await,
            Act::Cancel { email } => self.cancel(*email).await,
            Act::Suspend { tenant } => {
                self.run(&SuspendTenant { tenant: self.tenants[*tenant] }).await;
            }
            Act::Resume { tenant } => {
                self.run(&ResumeTenant { tenant: self.tenants[*tenant] }).await;
            }
            Act::Delete { tenant } => {
                self.run(&DeleteTenant { tenant: self.tenants[*tenant] }).await;
            }
            Act::Count { tenant, requests } => self.count(*tenant, *requests).await,
            Act::Wait { hours } => self.clock.advance(Duration::from_secs(hours * 3_600)),
        }
    }

    async fn run<C: selfmx::commands::Command>(&self, command: &C) {
        // What is refused changes nothing, and that is what is looked at afterwards.
        let _ = self.node.commands.run(&Context::of("test"), command).await;
    }

    async fn send(&mut self, tenant: usize, recipients: usize) {
        let mut send = asks::email(self.tenants[tenant], &TO[..recipients], self.clock);
        send.from = Some(["a@acme.com", "b@b.example", "c@c.example"][tenant].parse().unwrap());
        send.tags.push("life").unwrap();
        send.metadata.insert("recipients", &recipients.to_string()).unwrap();
        self.emails.push((send.tenant, send.email));
        self.run(&send).await;
    }

    async fn start(&mut self, email: usize, lease: u128) {
        let Some((tenant, email)) = self.emails.get(email).copied() else { return };
        self.fence += 1;
        let lease = Uuid::from_u128(lease);
        self.run(&StartDelivery { tenant, email, lease, fence: self.fence }).await;
    }

    async fn record(&self, email: usize, lease: u128, outcomes: &[u8]) {
        let Some((tenant, email)) = self.emails.get(email).copied() else { return };
        let to = (0..).zip(TO).map(|(place, to)| {
            let address = to.parse::<Mailbox>().unwrap().address;
            Pending { key: RecipientKey::Place(place), address: Personal::Known(address) }
        });
        let command = RecordDelivery {
            tenant,
            email,
            lease: Uuid::from_u128(lease),
            outcomes: to.zip(outcomes.iter().map(|outcome| told(*outcome))).collect(),
            retry: RetrySchedule { attempts: 2, delay: Duration::from_secs(60) },
        };
        // A worker that did not hear the answer tells it again, at the same time.
        join_all([self.run(&command), self.run(&command)]).await;
    }

    async fn cancel(&self, email: usize) {
        let Some((tenant, email)) = self.emails.get(email).copied() else { return };
        self.run(&CancelEmail { tenant, email, reason: Because::Asked }).await;
    }

    async fn count(&self, tenant: usize, total: u64) {
        let (tenant, day) = (self.tenants[tenant], self.clock.now().day());
        let command = RecordApiRequests { tenant, day, total };
        join_all([self.run(&command), self.run(&command)]).await;
    }
}

fn told(outcome: u8) -> RecipientOutcome {
    let message = "what the relay\0 says".to_owned();
    match outcome {
        0 => RecipientOutcome::Delivered { response: message },
        1 => RecipientOutcome::Bounced { code: 550, message },
        2 => RecipientOutcome::Failed { message },
        _ => RecipientOutcome::Deferred { code: Some(451), message, may_have_arrived: true },
    }
}
