//! Keeps the templates and their versions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::events::template::TemplateVersion;
use crate::events::{Fact, Recorded, TemplateEvent, all_about};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::{TemplateId, TenantId};

/// Keeps `templates` and `template_versions`.
#[derive(Debug)]
pub struct Templates;

const TABLES: &[Table] = &[
    Table {
        name: "templates",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Stream("id"),
    },
    Table {
        name: "template_versions",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Stream("template_id"),
    },
];

/// A version that was saved.
struct Saved<'a> {
    tenant: TenantId,
    template: TemplateId,
    version: &'a TemplateVersion,
    recorded: &'a Recorded,
}

#[async_trait]
impl Projector for Templates {
    fn name(&self) -> &'static str {
        "templates"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_template().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let (mut saved, mut created, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for ((tenant, template, event), recorded) in all_about(facts, Fact::about_template) {
            match event {
                TemplateEvent::Created(version) => {
                    created.push(saved.len());
                    saved.push(Saved { tenant, template, version, recorded });
                }
                TemplateEvent::Changed(version) => {
                    saved.push(Saved { tenant, template, version, recorded });
                }
                TemplateEvent::Deleted => deleted.push(template.to_string()),
            }
        }
        if !saved.is_empty() {
            let begun: Vec<&Saved<'_>> = created.iter().filter_map(|at| saved.get(*at)).collect();
            begin(db, &begun).await?;
            keep(db, &saved).await?;
            turn(db, &saved).await?;
        }
        if !deleted.is_empty() {
            forget(db, &deleted).await?;
        }
        Ok(())
    }
}

async fn begin(db: &mut PgConnection, all: &[&Saved<'_>]) -> sqlx::Result<()> {
    let ids: Vec<String> = all.iter().map(|one| one.template.to_string()).collect();
    let tenants: Vec<String> = all.iter().map(|one| one.tenant.to_string()).collect();
    let names: Vec<String> = all.iter().map(|one| one.version.name.to_string()).collect();
    let times: Vec<_> = all.iter().map(|one| one.recorded.at.as_datetime()).collect();
    sqlx::query!(
        "insert into templates (id, tenant_id, name, version, created_at, updated_at)
         select t.id, t.tenant_id, t.name, 1, t.at, t.at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::timestamptz[])
           as t(id, tenant_id, name, at)",
        &ids,
        &tenants,
        &names,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn keep(db: &mut PgConnection, all: &[Saved<'_>]) -> sqlx::Result<()> {
    let text = |of: fn(&TemplateVersion) -> Option<String>| -> Vec<Option<String>> {
        all.iter().map(|one| of(one.version)).collect()
    };
    let ids: Vec<String> = all.iter().map(|one| one.template.to_string()).collect();
    let numbers: Vec<i64> = all.iter().map(|one| one.recorded.version).collect();
    let tenants: Vec<String> = all.iter().map(|one| one.tenant.to_string()).collect();
    let names: Vec<String> = all.iter().map(|one| one.version.name.to_string()).collect();
    let times: Vec<_> = all.iter().map(|one| one.recorded.at.as_datetime()).collect();
    sqlx::query!(
        "insert into template_versions (template_id, version, tenant_id, name, subject, html, text,
                                        created_at)
         select v.template_id, v.version, v.tenant_id, v.name, v.subject, v.html, v.text, v.at
         from unnest($1::varchar[], $2::bigint[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::varchar[], $7::varchar[], $8::timestamptz[])
           as v(template_id, version, tenant_id, name, subject, html, text, at)",
        &ids,
        &numbers,
        &tenants,
        &names,
        &text(|version| version.source.subject.clone()) as &[Option<String>],
        &text(|version| version.source.html.clone()) as &[Option<String>],
        &text(|version| version.source.text.clone()) as &[Option<String>],
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Each template is what its last version says.
async fn turn(db: &mut PgConnection, all: &[Saved<'_>]) -> sqlx::Result<()> {
    let last: BTreeMap<TemplateId, &Saved<'_>> =
        all.iter().map(|one| (one.template, one)).collect();
    let ids: Vec<String> = last.keys().map(ToString::to_string).collect();
    let names: Vec<String> = last.values().map(|one| one.version.name.to_string()).collect();
    let numbers: Vec<i64> = last.values().map(|one| one.recorded.version).collect();
    let times: Vec<_> = last.values().map(|one| one.recorded.at.as_datetime()).collect();
    sqlx::query!(
        "update templates t
         set name = l.name, version = l.version, updated_at = l.at
         from unnest($1::varchar[], $2::varchar[], $3::bigint[], $4::timestamptz[])
           as l(id, name, version, at)
         where t.id = l.id",
        &ids,
        &names,
        &numbers,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn forget(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<()> {
    sqlx::query!("delete from template_versions where template_id = any($1)", ids)
        .execute(&mut *db)
        .await?;
    sqlx::query!("delete from templates where id = any($1)", ids).execute(db).await?;
    Ok(())
}
