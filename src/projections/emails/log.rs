//! What happened to a tenant's emails, the newest first: the timelines of all, or of one.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;

use crate::projections::page::{PageRequest, Paged};
use crate::values::{EmailId, TenantId};

/// One thing that happened to an email.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// To which.
    pub email_id: String,
    /// Where it stands in the log.
    pub position: i64,
    /// What.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The particulars.
    pub details: Value,
}

/// What happened to a tenant's emails, or to one of them.
pub async fn log(
    pool: &PgPool,
    tenant: TenantId,
    email: Option<EmailId>,
    page: &PageRequest,
) -> sqlx::Result<Paged<LogRow>> {
    let (tenant, email) = (tenant.to_string(), email.map(|email| email.to_string()));
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from email_timeline
           where tenant_id = $1 and ($2::varchar is null or email_id = $2)"#,
        tenant,
        email,
    )
    .fetch_one(pool)
    .await?;
    let after = page.cursor.as_ref().map(|cursor| cursor.parse().unwrap_or(0_i64));
    let rows = sqlx::query_as!(
        LogRow,
        "select email_id, position, type as kind, at, details from email_timeline
         where tenant_id = $1 and ($2::varchar is null or email_id = $2)
           and ($3::bigint is null or position < $3)
         order by position desc limit $4 offset $5",
        tenant,
        email,
        after,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.position.to_string()))
}
