//! The API keys as they are now, and by which hash they are found.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::Projector;
use super::page::{PageRequest, Paged};
use super::table::{Origin, Table};
use crate::events::{ApiKeyEvent, Fact, Recorded, all_about};
use crate::values::{KeyId, TenantId, Timestamp, TokenHash};

/// Keeps `api_keys`.
#[derive(Debug)]
pub struct ApiKeys;

/// A key as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its id.
    pub id: String,
    /// Whose; none for an admin's.
    pub tenant_id: Option<String>,
    /// What its owner calls it.
    pub name: String,
    /// The keyed hash by which it is found.
    pub key_hash: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// From where it may send, if not from everywhere.
    pub allowed_domains: Option<Vec<String>>,
    /// When it stops by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// How many facts made it.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A key with what its door needs to know of its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The key's id.
    pub id: String,
    /// Whose; none for an admin's.
    pub tenant_id: Option<String>,
    /// What it may do.
    pub permissions: Vec<String>,
    /// From where it may send, if not from everywhere.
    pub allowed_domains: Option<Vec<String>>,
    /// When it stops by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many facts made it.
    pub version: i64,
    /// The tenant's own limit of requests a minute.
    pub requests_per_minute: Option<i64>,
}

const TABLES: &[Table] = &[Table {
    name: "api_keys",
    tenant: Some("tenant_id"),
    work_state: &[],
    origin: Origin::Stream("id"),
}];

#[async_trait]
impl Projector for ApiKeys {
    fn name(&self) -> &'static str {
        "api_keys"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn concerns(&self, fact: &Fact) -> bool {
        fact.about_api_key().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let touched = all_about(facts, Fact::about_api_key);
        if touched.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = touched.iter().map(|((_, key, _), _)| key.to_string()).collect();
        let mut rows = load(db, &ids).await?;
        for ((tenant, key, event), recorded) in touched {
            fold(&mut rows, (tenant, key), event, recorded);
        }
        save(db, &rows.into_values().collect::<Vec<_>>()).await
    }
}

/// The keys after one more fact; the same for the table and for [`as_of`](super::as_of).
pub(super) fn fold(
    rows: &mut HashMap<String, ApiKeyRow>,
    (tenant, key): (Option<TenantId>, KeyId),
    event: &ApiKeyEvent,
    recorded: &Recorded,
) {
    let id = key.to_string();
    match (event, rows.get_mut(&id)) {
        (ApiKeyEvent::Created(created), _) => {
            let domains = created.allowed_domains.as_ref();
            let row = ApiKeyRow {
                id: id.clone(),
                tenant_id: tenant.map(|tenant| tenant.to_string()),
                name: created.name.clone(),
                key_hash: created.hash.to_string(),
                prefix: created.prefix.clone(),
                permissions: created.permissions.names(),
                allowed_domains: domains.map(|all| all.iter().map(ToString::to_string).collect()),
                expires_at: created.expires_at.map(Timestamp::as_datetime),
                revoked_at: None,
                version: recorded.version,
                created_at: recorded.at.as_datetime(),
                last_used_at: None,
            };
            rows.insert(id, row);
        }
        (ApiKeyEvent::Rotated { expires_at, .. }, Some(row)) => {
            row.expires_at = Some(expires_at.as_datetime());
            row.version = recorded.version;
        }
        (ApiKeyEvent::Revoked, Some(row)) => {
            row.revoked_at = Some(recorded.at.as_datetime());
            row.version = recorded.version;
        }
        (ApiKeyEvent::Rotated { .. } | ApiKeyEvent::Revoked, None) => {}
    }
}

async fn load(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<HashMap<String, ApiKeyRow>> {
    let rows = sqlx::query_as!(
        ApiKeyRow,
        r#"select id, tenant_id, name, key_hash, prefix, permissions, allowed_domains, expires_at,
                  revoked_at, version, created_at, null::timestamptz as "last_used_at"
           from api_keys where id = any($1)"#,
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

async fn save(db: &mut PgConnection, rows: &[ApiKeyRow]) -> sqlx::Result<()> {
    let text = |of: fn(&ApiKeyRow) -> String| -> Vec<String> { rows.iter().map(of).collect() };
    let tenants: Vec<Option<String>> = rows.iter().map(|row| row.tenant_id.clone()).collect();
    // Postgres has no arrays of arrays of different lengths: they travel as JSON.
    let permissions: Vec<_> = rows.iter().map(|row| serde_json::json!(row.permissions)).collect();
    let domains: Vec<_> = rows.iter().map(|row| serde_json::json!(row.allowed_domains)).collect();
    let expires: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.expires_at).collect();
    let revoked: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.revoked_at).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let created: Vec<_> = rows.iter().map(|row| row.created_at).collect();
    sqlx::query!(
        "insert into api_keys (id, tenant_id, name, key_hash, prefix, permissions, allowed_domains,
                               expires_at, revoked_at, version, created_at)
         select k.id, k.tenant_id, k.name, k.key_hash, k.prefix,
                array(select jsonb_array_elements_text(k.permissions)),
                case when jsonb_typeof(k.domains) = 'array'
                     then array(select jsonb_array_elements_text(k.domains)) end,
                k.expires_at, k.revoked_at, k.version, k.created_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::jsonb[], $7::jsonb[], $8::timestamptz[], $9::timestamptz[],
                     $10::bigint[], $11::timestamptz[])
           as k(id, tenant_id, name, key_hash, prefix, permissions, domains, expires_at, revoked_at,
                version, created_at)
         on conflict (id) do update
         set expires_at = excluded.expires_at, revoked_at = excluded.revoked_at,
             version = excluded.version",
        &text(|row| row.id.clone()),
        &tenants as &[Option<String>],
        &text(|row| row.name.clone()),
        &text(|row| row.key_hash.clone()),
        &text(|row| row.prefix.clone()),
        &permissions,
        &domains,
        &expires as &[Option<DateTime<Utc>>],
        &revoked as &[Option<DateTime<Utc>>],
        &versions,
        &created,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The key behind a token, unless it is revoked or its tenant deleted.
pub async fn find(pool: &PgPool, hash: &TokenHash) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        r#"select k.id, k.tenant_id, k.permissions, k.allowed_domains, k.expires_at, k.version,
                  (t.rate_limit->>'requests_per_minute')::bigint as requests_per_minute
           from api_keys k left join tenants t on t.id = k.tenant_id
           where k.key_hash = $1 and k.revoked_at is null
             and (k.tenant_id is null or t.status <> 'deleted')"#,
        hash.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// A tenant's keys, the newest first; the operator's own without a tenant.
pub async fn list(
    pool: &PgPool,
    tenant: Option<TenantId>,
    page: &PageRequest,
) -> sqlx::Result<Paged<ApiKeyRow>> {
    let tenant = tenant.map(|tenant| tenant.to_string());
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from api_keys where tenant_id is not distinct from $1"#,
        tenant,
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query_as!(
        ApiKeyRow,
        r#"select k.id, k.tenant_id, k.name, k.key_hash, k.prefix, k.permissions,
                  k.allowed_domains, k.expires_at, k.revoked_at, k.version, k.created_at,
                  u.last_used_at as "last_used_at?"
           from api_keys k left join api_key_uses u on u.key_id = k.id
           where k.tenant_id is not distinct from $1 and ($2::varchar is null or k.id < $2)
           order by k.id desc limit $3 offset $4"#,
        tenant,
        page.cursor,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.id.clone()))
}

/// What these keys are called, by their ids; who is none of them is left out.
pub async fn names(pool: &PgPool, ids: &[String]) -> sqlx::Result<HashMap<String, String>> {
    let rows = sqlx::query!("select id, name from api_keys where id = any($1)", ids);
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

impl ApiKeyRow {
    /// True if it opens doors at a moment, as far as these facts know.
    pub fn lives_at(&self, at: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > at.as_datetime())
    }
}

/// How many of a tenant's keys open doors.
pub async fn count_living(pool: &PgPool, tenant: TenantId, now: Timestamp) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "living!" from api_keys
           where tenant_id = $1 and revoked_at is null
             and (expires_at is null or expires_at > $2)"#,
        tenant.to_string(),
        now.as_datetime(),
    )
    .fetch_one(pool)
    .await
}

/// The operator's keys that still open doors, the oldest first.
pub async fn admins(pool: &PgPool) -> sqlx::Result<Vec<ApiKeyRow>> {
    sqlx::query_as!(
        ApiKeyRow,
        r#"select id, tenant_id, name, key_hash, prefix, permissions, allowed_domains, expires_at,
                  revoked_at, version, created_at, null::timestamptz as "last_used_at"
           from api_keys where tenant_id is null and revoked_at is null order by id"#,
    )
    .fetch_all(pool)
    .await
}

/// Notes that keys were used: an observation, at most one a minute and key.
pub async fn note_uses(pool: &PgPool, keys: &[String], at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into api_key_uses (key_id, last_used_at)
         select k.id, $2 from unnest($1::varchar[]) as k(id)
         on conflict (key_id) do update
         set last_used_at = greatest(api_key_uses.last_used_at, excluded.last_used_at)",
        keys,
        at.as_datetime(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
