//! Templates in their read model: as they were saved, grown again and verified.

use selfmx::commands::Command;
use selfmx::commands::context::Context;
use selfmx::commands::template::{CreateTemplate, DeleteTemplate, UpdateTemplate};
use selfmx::commands::tenant::Change;
use selfmx::events::store::read::Reader;
use selfmx::projections::rebuild::Rebuild;
use selfmx::projections::{self, verify};
use selfmx::values::{TemplateId, TemplateSource, TenantId, Verdict};
use sqlx::PgPool;

use crate::asks;
use crate::node::{Node, clock, root};
use crate::tables::snapshot;

async fn run<C: Command<Refusal: std::fmt::Debug>>(node: &Node, command: &C) {
    node.commands.run(&Context::of("test"), command).await.unwrap();
}

/// Three templates: one with two versions, one under another name, one that is gone.
async fn saved(node: &Node, tenant: TenantId) {
    for (number, name) in ["changed", "renamed", "gone"].into_iter().enumerate() {
        let template = TemplateId::at(node.commands.now());
        let source = TemplateSource { text: Some("Hi".to_owned()), ..TemplateSource::default() };
        let name = name.parse().unwrap();
        run(node, &CreateTemplate { tenant, template, name, source }).await;
        let kept = || UpdateTemplate {
            tenant,
            template,
            name: None,
            subject: Change::Keep,
            html: Change::Keep,
            text: Change::Keep,
        };
        match number {
            0 => run(node, &UpdateTemplate { text: Change::Set("Ho".to_owned()), ..kept() }).await,
            1 => run(node, &UpdateTemplate { name: Some("b".parse().unwrap()), ..kept() }).await,
            _ => run(node, &DeleteTemplate { tenant, template }).await,
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn templates_that_are_grown_again_are_what_they_were_and_hold(db: PgPool) {
    let clock = clock();
    let node = Node::start(&db, &clock).await;
    let tenant = TenantId::at(clock.now());
    run(&node, &asks::tenant(tenant, "acme.com", None)).await;
    saved(&node, tenant).await;
    let before = snapshot(&db).await;
    let versions = before.iter().filter(|row| row.contains("\"template_id\"")).count();
    assert_eq!(versions, 4, "two versions each of two templates, and none of the one that is gone");
    let templates = || projections::all().into_iter().filter(|model| model.name() == "templates");
    let (log, models) = (Reader::new(db.clone(), root()), templates().collect::<Vec<_>>());
    Rebuild { log: &log, clock: &clock, tell: &|_| {} }.run(&models).await.unwrap();
    assert_eq!(snapshot(&db).await, before);
    let verdicts = verify::verify(&log, &models, None, &|_, _| {}).await.unwrap();
    assert!(verdicts.iter().all(Verdict::holds), "{verdicts:?}");
    sqlx::raw_sql("update template_versions set text = 'Hu' where version = 2")
        .execute(&db)
        .await
        .unwrap();
    let verdicts = verify::verify(&log, &models, None, &|_, _| {}).await.unwrap();
    assert!(!verdicts.iter().all(Verdict::holds), "what was tampered with is found");
    node.stop().await;
}
