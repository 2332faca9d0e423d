//! The domains that tenants have added, as they are now.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use super::Projector;
use super::page::{PageRequest, Paged};
use super::table::{Origin, Table};
use crate::events::{DomainEvent, Fact, Recorded, all_about};
use crate::values::{DomainId, DomainRecord, TenantId};

/// Keeps `domains`.
#[derive(Debug)]
pub struct Domains;

/// A domain as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// Its name.
    pub name: String,
    /// What signs its mail; the private halves are sealed.
    pub keys: Value,
    /// The records that stand in the DNS, as far as is known.
    pub found: Vec<String>,
    /// The records that stood there once and do not any more.
    pub lost: Vec<String>,
    /// Since when all that it needs stands there; none if it does not.
    pub verified_at: Option<DateTime<Utc>>,
    /// When the tenant gave it up.
    pub deleted_at: Option<DateTime<Utc>>,
    /// How many facts made it.
    pub version: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

const TABLES: &[Table] = &[Table {
    name: "domains",
    tenant: Some("tenant_id"),
    work_state: &[],
    origin: Origin::Stream("id"),
}];

#[async_trait]
impl Projector for Domains {
    fn name(&self) -> &'static str {
        "domains"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_domain().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let touched = all_about(facts, Fact::about_domain);
        if touched.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> =
            touched.iter().map(|((_, domain, _), _)| domain.to_string()).collect();
        let mut rows = load(db, &ids).await?;
        for ((tenant, domain, event), recorded) in touched {
            fold(&mut rows, (tenant, domain), event, recorded)?;
        }
        save(db, &rows.into_values().collect::<Vec<_>>()).await
    }
}

fn fold(
    rows: &mut HashMap<String, DomainRow>,
    (tenant, domain): (TenantId, DomainId),
    event: &DomainEvent,
    recorded: &Recorded,
) -> sqlx::Result<()> {
    let id = domain.to_string();
    if let DomainEvent::Added { name, keys } = event {
        let keys = serde_json::to_value(keys).map_err(|e| sqlx::Error::Encode(e.into()))?;
        let row = DomainRow {
            id: id.clone(),
            tenant_id: tenant.to_string(),
            name: name.to_string(),
            keys,
            found: Vec::new(),
            lost: Vec::new(),
            verified_at: None,
            deleted_at: None,
            version: recorded.version,
            created_at: recorded.at.as_datetime(),
        };
        rows.insert(id, row);
    } else if let Some(row) = rows.get_mut(&id) {
        row.change(event, recorded);
    }
    Ok(())
}

impl DomainRow {
    fn change(&mut self, event: &DomainEvent, recorded: &Recorded) {
        let at = recorded.at.as_datetime();
        match event {
            DomainEvent::Added { .. } => {}
            DomainEvent::Verified { records } => {
                self.find(records);
                self.verified_at = self.verified_at.or(Some(at));
            }
            DomainEvent::VerificationFailed { found, missing: _ } => {
                self.find(found);
                self.verified_at = None;
            }
            DomainEvent::RecordLost { records } => {
                let lost = names(records);
                self.found.retain(|known| !lost.contains(known));
                self.lost.retain(|known| !lost.contains(known));
                self.lost.extend(lost);
                if records.iter().any(|record| record.is_required()) {
                    self.verified_at = None;
                }
            }
            DomainEvent::Deleted => self.deleted_at = Some(at),
        }
        self.version = recorded.version;
    }

    fn find(&mut self, records: &[DomainRecord]) {
        self.found = names(records);
        self.lost.retain(|known| !self.found.contains(known));
    }
}

fn names(records: &[DomainRecord]) -> Vec<String> {
    records.iter().map(|record| record.as_str().to_owned()).collect()
}

async fn load(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<HashMap<String, DomainRow>> {
    let rows = sqlx::query_as!(
        DomainRow,
        "select id, tenant_id, name, keys, found, lost, verified_at, deleted_at, version, created_at
         from domains where id = any($1)",
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

async fn save(db: &mut PgConnection, rows: &[DomainRow]) -> sqlx::Result<()> {
    let text = |of: fn(&DomainRow) -> String| -> Vec<String> { rows.iter().map(of).collect() };
    let json = |of: fn(&DomainRow) -> Value| -> Vec<Value> { rows.iter().map(of).collect() };
    let time = |of: fn(&DomainRow) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        rows.iter().map(of).collect()
    };
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let created: Vec<DateTime<Utc>> = rows.iter().map(|row| row.created_at).collect();
    // Postgres has no arrays of arrays of different lengths: they travel as JSON.
    sqlx::query!(
        "insert into domains (id, tenant_id, name, keys, found, lost, verified_at, deleted_at,
                              version, created_at)
         select d.id, d.tenant_id, d.name, d.keys,
                array(select jsonb_array_elements_text(d.found)),
                array(select jsonb_array_elements_text(d.lost)),
                d.verified_at, d.deleted_at, d.version, d.created_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::jsonb[], $5::jsonb[],
                     $6::jsonb[], $7::timestamptz[], $8::timestamptz[], $9::bigint[],
                     $10::timestamptz[])
           as d(id, tenant_id, name, keys, found, lost, verified_at, deleted_at, version,
                created_at)
         on conflict (id) do update
         set found = excluded.found, lost = excluded.lost, verified_at = excluded.verified_at,
             deleted_at = excluded.deleted_at, version = excluded.version",
        &text(|row| row.id.clone()),
        &text(|row| row.tenant_id.clone()),
        &text(|row| row.name.clone()),
        &json(|row| row.keys.clone()),
        &json(|row| serde_json::json!(row.found)),
        &json(|row| serde_json::json!(row.lost)),
        &time(|row| row.verified_at) as &[Option<DateTime<Utc>>],
        &time(|row| row.deleted_at) as &[Option<DateTime<Utc>>],
        &versions,
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One of a tenant's domains, unless it is given up.
pub async fn find(
    pool: &PgPool,
    tenant: TenantId,
    domain: DomainId,
) -> sqlx::Result<Option<DomainRow>> {
    sqlx::query_as!(
        DomainRow,
        "select id, tenant_id, name, keys, found, lost, verified_at, deleted_at, version, created_at
         from domains where id = $1 and tenant_id = $2 and deleted_at is null",
        domain.to_string(),
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// A tenant's domains, the newest first.
pub async fn list(
    pool: &PgPool,
    tenant: TenantId,
    page: &PageRequest,
) -> sqlx::Result<Paged<DomainRow>> {
    let total = count(pool, tenant).await?;
    let rows = sqlx::query_as!(
        DomainRow,
        "select id, tenant_id, name, keys, found, lost, verified_at, deleted_at, version, created_at
         from domains
         where tenant_id = $1 and deleted_at is null and ($2::varchar is null or id < $2)
         order by id desc limit $3 offset $4",
        tenant.to_string(),
        page.cursor,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.id.clone()))
}

/// How many domains a tenant has.
pub async fn count(pool: &PgPool, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from domains where tenant_id = $1 and deleted_at is null"#,
        tenant.to_string(),
    )
    .fetch_one(pool)
    .await
}
