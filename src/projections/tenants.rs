//! The tenants as they are now.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use super::Projector;
use super::page::{PageRequest, Paged};
use super::table::{Origin, Table};
use crate::events::{Fact, Recorded, TenantEvent, all_about};
use crate::values::{TenantId, Timestamp};

/// Keeps `tenants`.
#[derive(Debug)]
pub struct Tenants;

/// A tenant as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The domain it sends from.
    pub domain: Option<String>,
    /// Its defaults for new mail.
    pub settings: Value,
    /// Its own relay; the password is sealed.
    pub smtp_config: Option<Value>,
    /// Its limits.
    pub rate_limit: Value,
    /// `active`, `suspended` or `deleted`.
    pub status: String,
    /// How many facts made it.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Which tenants are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// A part of the name.
    pub name: Option<String>,
    /// The domain.
    pub domain: Option<String>,
    /// The status; without it all that are not deleted.
    pub status: Option<String>,
}

const TABLES: &[Table] =
    &[Table { name: "tenants", tenant: Some("id"), work_state: &[], origin: Origin::Stream("id") }];

#[async_trait]
impl Projector for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_tenant().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let touched = all_about(facts, Fact::about_tenant);
        if touched.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = touched.iter().map(|((tenant, _), _)| tenant.to_string()).collect();
        let mut rows = load(db, &ids).await?;
        for ((tenant, event), recorded) in touched {
            fold(&mut rows, tenant, event, recorded)?;
        }
        save(db, rows.into_values().collect()).await
    }
}

/// The tenants after one more fact; the same for the table and for [`as_of`](super::as_of).
pub(super) fn fold(
    rows: &mut HashMap<String, TenantRow>,
    tenant: TenantId,
    event: &TenantEvent,
    recorded: &Recorded,
) -> sqlx::Result<()> {
    let id = tenant.to_string();
    if let TenantEvent::Created(created) = event {
        let row = TenantRow {
            id: id.clone(),
            name: created.name.clone(),
            domain: created.domain.as_ref().map(ToString::to_string),
            settings: json(&created.settings)?,
            smtp_config: created.relay.as_ref().map(json).transpose()?,
            rate_limit: json(&created.rate_limit)?,
            status: "active".to_owned(),
            version: recorded.version,
            created_at: recorded.at.as_datetime(),
            updated_at: recorded.at.as_datetime(),
        };
        rows.insert(id, row);
    } else if let Some(row) = rows.get_mut(&id) {
        row.change(event)?;
        row.version = recorded.version;
        row.updated_at = recorded.at.as_datetime();
    }
    Ok(())
}

impl TenantRow {
    fn change(&mut self, event: &TenantEvent) -> sqlx::Result<()> {
        match event {
            TenantEvent::Created(_)
            | TenantEvent::Erased
            | TenantEvent::SendingDomainsChanged { .. }
            | TenantEvent::ReputationWarned { .. } => {}
            TenantEvent::Renamed { name } => self.name.clone_from(name),
            TenantEvent::DomainChanged { domain } => {
                self.domain = domain.as_ref().map(ToString::to_string);
            }
            TenantEvent::SettingsChanged { settings } => self.settings = json(settings)?,
            TenantEvent::SmtpRelaySet { relay } => self.smtp_config = Some(json(relay)?),
            TenantEvent::SmtpRelayCleared => self.smtp_config = None,
            TenantEvent::RateLimitsChanged { rate_limit } => self.rate_limit = json(rate_limit)?,
            TenantEvent::Suspended => "suspended".clone_into(&mut self.status),
            TenantEvent::Resumed => "active".clone_into(&mut self.status),
            TenantEvent::Deleted => "deleted".clone_into(&mut self.status),
            TenantEvent::SendingPaused { .. } => "paused".clone_into(&mut self.status),
        }
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<Value> {
    serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

async fn load(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<HashMap<String, TenantRow>> {
    let rows = sqlx::query_as!(
        TenantRow,
        "select id, name, domain, settings, smtp_config, rate_limit, status, version, created_at,
                updated_at
         from tenants where id = any($1)",
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

async fn save(db: &mut PgConnection, rows: Vec<TenantRow>) -> sqlx::Result<()> {
    let column = |of: fn(&TenantRow) -> String| -> Vec<String> { rows.iter().map(of).collect() };
    let domains: Vec<Option<String>> = rows.iter().map(|row| row.domain.clone()).collect();
    let settings: Vec<Value> = rows.iter().map(|row| row.settings.clone()).collect();
    let relays: Vec<Option<Value>> = rows.iter().map(|row| row.smtp_config.clone()).collect();
    let limits: Vec<Value> = rows.iter().map(|row| row.rate_limit.clone()).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let created: Vec<_> = rows.iter().map(|row| row.created_at).collect();
    let updated: Vec<_> = rows.iter().map(|row| row.updated_at).collect();
    sqlx::query!(
        "insert into tenants (id, name, domain, settings, smtp_config, rate_limit, status, version,
                              created_at, updated_at)
         select t.id, t.name, t.domain, t.settings, t.smtp_config, t.rate_limit, t.status,
                t.version, t.created_at, t.updated_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::jsonb[], $5::jsonb[],
                     $6::jsonb[], $7::varchar[], $8::bigint[], $9::timestamptz[],
                     $10::timestamptz[])
           as t(id, name, domain, settings, smtp_config, rate_limit, status, version, created_at,
                updated_at)
         on conflict (id) do update
         set name = excluded.name, domain = excluded.domain, settings = excluded.settings,
             smtp_config = excluded.smtp_config, rate_limit = excluded.rate_limit,
             status = excluded.status, version = excluded.version,
             updated_at = excluded.updated_at",
        &column(|row| row.id.clone()),
        &column(|row| row.name.clone()),
        &domains as &[Option<String>],
        &settings,
        &relays as &[Option<Value>],
        &limits,
        &column(|row| row.status.clone()),
        &versions,
        &created,
        &updated,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One tenant, unless it is deleted.
pub async fn find(pool: &PgPool, tenant: TenantId) -> sqlx::Result<Option<TenantRow>> {
    sqlx::query_as!(
        TenantRow,
        "select id, name, domain, settings, smtp_config, rate_limit, status, version, created_at,
                updated_at
         from tenants where id = $1 and status <> 'deleted'",
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// The tenants, the newest first.
pub async fn list(
    pool: &PgPool,
    filter: &TenantFilter,
    page: &PageRequest,
) -> sqlx::Result<Paged<TenantRow>> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from tenants
           where ($1::varchar is null or position(lower($1) in lower(name)) > 0)
             and ($2::varchar is null or domain = $2)
             and (status = $3 or ($3::varchar is null and status <> 'deleted'))"#,
        filter.name,
        filter.domain,
        filter.status,
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query_as!(
        TenantRow,
        "select id, name, domain, settings, smtp_config, rate_limit, status, version, created_at,
                updated_at
         from tenants
         where ($1::varchar is null or position(lower($1) in lower(name)) > 0)
           and ($2::varchar is null or domain = $2)
           and (status = $3 or ($3::varchar is null and status <> 'deleted'))
           and ($4::varchar is null or id < $4)
         order by id desc limit $5 offset $6",
        filter.name,
        filter.domain,
        filter.status,
        page.cursor,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.id.clone()))
}

/// Mail of deleted tenants that no worker holds: by tenant, since these are few and the queue is long.
pub async fn deleted_with_mail(
    pool: &PgPool,
    now: Timestamp,
) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "select q.tenant_id, q.email_id
         from tenants t
         cross join lateral (
             select s.tenant_id, s.email_id from send_queue s
             where s.tenant_id = t.id and (s.lease is null or s.leased_until <= $1)
             limit 500
         ) q
         where t.status = 'deleted'
         limit 500",
        now.as_datetime(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.email_id)).collect())
}
