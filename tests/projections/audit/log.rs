//! A log of two tenants with its tree, and an auditor who trusts its key.

use std::sync::Arc;

use futures_util::future::join_all;
use selfmx::audit::checkpoint;
use selfmx::audit::inspection::{Flaw, Inspected, Inspection};
use selfmx::audit::key::{NewKey, Signer};
use selfmx::clock::Clock;
use selfmx::commands::context::Context;
use selfmx::commands::email::SendEmail;
use selfmx::projections::audit::export::{Asked, Export};
use selfmx::projections::audit::tree::Tree;
use selfmx::projections::runner::caught_up;
use selfmx::values::TenantId;
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock};
use crate::patience::until;
use crate::truth::follow;

const DOMAINS: [&str; 2] = ["acme.com", "b.example"];

/// A log of some tenants' facts, with its tree.
pub(super) struct Log {
    pub(super) node: Node,
    pub(super) clock: Clock,
    pub(super) signer: Arc<Signer>,
    pub(super) tenants: Vec<TenantId>,
}

impl Log {
    pub(super) async fn begin(db: &PgPool) -> Self {
        let clock = clock();
        let node = Node::start(db, &clock).await;
        let new = NewKey::make();
        let signer = Arc::new(Signer::new(&new.secret, &new.verifier).unwrap());
        let mut tenants = Vec::new();
        for domain in DOMAINS {
            let tenant = TenantId::at(clock.now());
            let create = asks::tenant(tenant, domain, None);
            node.commands.run(&Context::of("test"), &create).await.unwrap();
            tenants.push(tenant);
        }
        follow(&node, &clock);
        Self { node, clock, signer, tenants }
    }

    /// Lets each tenant send so many mails, all at once, so that their facts stand mixed.
    pub(super) async fn send(&self, mails: usize) {
        let context = Context::of("test");
        let sends: Vec<_> = (0..mails)
            .flat_map(|_| self.tenants.iter().zip(DOMAINS))
            .map(|(tenant, domain)| SendEmail {
                from: Some(format!("hello@{domain}").parse().unwrap()),
                ..asks::email(*tenant, &["ann@example.org"], &self.clock)
            })
            .collect();
        for sent in join_all(sends.iter().map(|send| self.node.commands.run(&context, send))).await
        {
            sent.unwrap();
        }
        self.grown().await;
    }

    pub(super) async fn grown(&self) {
        until("the tree covers the log", async || {
            caught_up(&self.node.pool, "audit").await.unwrap().caught_up
        })
        .await;
    }

    pub(super) fn asked(&self) -> Asked {
        Asked { tenant: self.tenants[0], since: None, until: None, size: None, from_size: None }
    }

    pub(super) async fn export(&self, asked: Asked) -> String {
        let mut export = Export::open(&self.node.pool, &self.signer, asked).await.unwrap();
        let mut text = String::new();
        while let Some(lines) = export.next().await.unwrap() {
            text += &lines;
        }
        text
    }

    pub(super) async fn checkpoint(&self, size: u64) -> String {
        let head = Tree::of(&self.node.pool, size).head().await.unwrap();
        checkpoint::sign(&self.signer, head).unwrap()
    }

    /// What an auditor who trusts the key says of an export.
    pub(super) fn inspect(&self, export: &str, older: Option<&str>) -> Result<Inspected, Flaw> {
        let mut lines = export.lines();
        let header = lines.next().unwrap();
        let mut inspection = Inspection::begin(header, Some(self.signer.verifier()), older)?;
        for line in lines {
            if let Some(inspected) = inspection.next(line)? {
                return Ok(inspected);
            }
        }
        Err(Flaw::Unfinished)
    }
}
