//! When each domain was looked up in the DNS: work state and observations, not facts.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::values::{DomainId, TenantId, Timestamp};

/// How a domain was looked up last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainCheck {
    /// Which.
    pub domain_id: String,
    /// When.
    pub checked_at: Option<DateTime<Utc>>,
    /// What kept us from asking for all of it.
    pub trouble: Option<String>,
}

/// A domain that is ours to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub tenant_id: String,
    /// Which.
    pub domain_id: String,
}

/// How long between two looks at one domain.
const PAUSE: Duration = Duration::from_secs(60 * 60);

/// Takes some domains that are due: looked up a pause ago or longer, or added then and never looked up.
/// Nobody else gets them before a pause is over again.
pub async fn take(pool: &PgPool, now: Timestamp, most: i64) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        "insert into domain_checks (domain_id, tenant_id, due_at)
         select d.id, d.tenant_id, $2
         from domains d
         join tenants t on t.id = d.tenant_id and t.status <> 'deleted'
         left join domain_checks c on c.domain_id = d.id
         where d.deleted_at is null and coalesce(c.due_at <= $1, d.created_at <= $4)
         order by c.due_at nulls first
         limit $3
         on conflict (domain_id) do update set due_at = excluded.due_at
         where domain_checks.due_at <= $1
         returning tenant_id, domain_id",
        now.as_datetime(),
        now.plus(PAUSE).as_datetime(),
        most,
        now.minus(PAUSE).as_datetime(),
    )
    .fetch_all(pool)
    .await
}

/// Notes that a domain was looked up, and when it is due again.
pub async fn note(
    pool: &PgPool,
    (tenant, domain): (TenantId, DomainId),
    at: Timestamp,
    trouble: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into domain_checks (domain_id, tenant_id, due_at, checked_at, trouble)
         values ($1, $2, $3, $4, $5)
         on conflict (domain_id) do update
         set due_at = excluded.due_at, checked_at = excluded.checked_at,
             trouble = excluded.trouble",
        domain.to_string(),
        tenant.to_string(),
        at.plus(PAUSE).as_datetime(),
        at.as_datetime(),
        trouble,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How these domains were looked up last, by their ids.
pub async fn of(pool: &PgPool, domains: &[String]) -> sqlx::Result<HashMap<String, DomainCheck>> {
    let rows = sqlx::query_as!(
        DomainCheck,
        "select domain_id, checked_at, trouble from domain_checks where domain_id = any($1)",
        domains,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.domain_id.clone(), row)).collect())
}

/// Forgets a domain that was given up.
pub async fn forget(pool: &PgPool, domain: DomainId) -> sqlx::Result<()> {
    sqlx::query!("delete from domain_checks where domain_id = $1", domain.to_string())
        .execute(pool)
        .await?;
    Ok(())
}
