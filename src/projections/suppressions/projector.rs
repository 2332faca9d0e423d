//! Keeps `suppressions`: a row for each address that is on a list now.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::events::suppression::SuppressionAdded;
use crate::events::{Fact, Recorded, SuppressionEvent, TenantEvent};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::{ERASED, SuppressionId, TenantId};

/// Keeps `suppressions`.
#[derive(Debug)]
pub struct Suppressions;

const TABLES: &[Table] = &[Table {
    name: "suppressions",
    tenant: Some("tenant_id"),
    work_state: &[],
    origin: Origin::Stream("id"),
}];

/// What some facts come to.
#[derive(Default)]
struct Changes<'a> {
    /// How each address was left; none for one that was taken off.
    left: BTreeMap<SuppressionId, Option<(TenantId, &'a SuppressionAdded, &'a Recorded)>>,
    erased: Vec<String>,
}

#[async_trait]
impl Projector for Suppressions {
    fn name(&self) -> &'static str {
        "suppressions"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_suppression().is_some() || fact.about_tenant().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut changes = Changes::default();
        for recorded in facts {
            changes.take_in(recorded);
        }
        if !changes.left.is_empty() {
            replace(db, &changes).await?;
        }
        if !changes.erased.is_empty() {
            erase(db, &changes.erased).await?;
        }
        Ok(())
    }
}

impl<'a> Changes<'a> {
    fn take_in(&mut self, recorded: &'a Recorded) {
        if let Some((tenant, id, event)) = recorded.fact.about_suppression() {
            let left = match event {
                SuppressionEvent::Added(added) => Some((tenant, added, recorded)),
                SuppressionEvent::Removed => None,
            };
            self.left.insert(id, left);
        }
        // A deleted tenant's list does not grow any more, so its rows are all there.
        if let Some((tenant, TenantEvent::Erased)) = recorded.fact.about_tenant() {
            self.erased.push(tenant.to_string());
        }
    }
}

async fn replace(db: &mut PgConnection, changes: &Changes<'_>) -> sqlx::Result<()> {
    let ids: Vec<String> = changes.left.keys().map(ToString::to_string).collect();
    sqlx::query!("delete from suppressions where id = any($1)", &ids).execute(&mut *db).await?;
    let on_it: Vec<_> = changes.left.iter().filter_map(|(id, left)| Some((id, (*left)?))).collect();
    if on_it.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = on_it.iter().map(|(id, _)| id.to_string()).collect();
    let tenants: Vec<String> = on_it.iter().map(|(_, (tenant, ..))| tenant.to_string()).collect();
    let address = |added: &SuppressionAdded| match added.personal.known() {
        Some(suppressed) => suppressed.address.to_string(),
        None => ERASED.to_owned(),
    };
    let addresses: Vec<String> = on_it.iter().map(|(_, (_, added, _))| address(added)).collect();
    let reasons: Vec<String> =
        on_it.iter().map(|(_, (_, added, _))| added.reason.to_string()).collect();
    let emails: Vec<Option<String>> =
        on_it.iter().map(|(_, (_, added, _))| added.email.map(|email| email.to_string())).collect();
    let created: Vec<_> =
        on_it.iter().map(|(_, (.., recorded))| recorded.at.as_datetime()).collect();
    let positions: Vec<i64> = on_it.iter().map(|(_, (.., recorded))| recorded.position).collect();
    sqlx::query!(
        "insert into suppressions (id, tenant_id, address, reason, email_id, created_at, position)
         select s.id, s.tenant_id, s.address, s.reason, s.email_id, s.created_at, s.position
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::timestamptz[], $7::bigint[])
           as s(id, tenant_id, address, reason, email_id, created_at, position)",
        &ids,
        &tenants,
        &addresses,
        &reasons,
        &emails as &[Option<String>],
        &created,
        &positions,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Nobody is on the list of a tenant that was erased: it sends to nobody.
async fn erase(db: &mut PgConnection, tenants: &[String]) -> sqlx::Result<()> {
    sqlx::query!("delete from suppressions where tenant_id = any($1)", tenants).execute(db).await?;
    Ok(())
}
