//! Who is on the list, for its owner and for the delivery.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::projections::page::{PageRequest, Paged};
use crate::values::{SuppressionId, SuppressionReason, TenantId};

/// An address on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionRow {
    /// By what it is named in the log.
    pub id: String,
    /// The address as it was written when it came on the list.
    pub address: String,
    /// `hard_bounce`, `complaint` or `manual`.
    pub reason: String,
    /// The mail that bounced or was complained of.
    pub email_id: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Where the fact that brought it there stands in the log.
    pub position: i64,
}

/// Which addresses are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuppressionFilter {
    /// This one.
    pub id: Option<SuppressionId>,
    /// Those that are there for this reason.
    pub reason: Option<SuppressionReason>,
}

/// One address on a tenant's list.
pub async fn find(
    pool: &PgPool,
    tenant: TenantId,
    id: SuppressionId,
) -> sqlx::Result<Option<SuppressionRow>> {
    sqlx::query_as!(
        SuppressionRow,
        "select id, address, reason, email_id, created_at, position from suppressions
         where id = $1 and tenant_id = $2",
        id.to_string(),
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// A tenant's list, the newest first.
pub async fn list(
    pool: &PgPool,
    tenant: TenantId,
    filter: SuppressionFilter,
    page: &PageRequest,
) -> sqlx::Result<Paged<SuppressionRow>> {
    let tenant = tenant.to_string();
    let id = filter.id.map(|id| id.to_string());
    let reason = filter.reason.map(SuppressionReason::as_str);
    let after: Option<i64> = page.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from suppressions
           where tenant_id = $1 and ($2::varchar is null or id = $2)
             and ($3::varchar is null or reason = $3)"#,
        tenant,
        id,
        reason,
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query_as!(
        SuppressionRow,
        "select id, address, reason, email_id, created_at, position from suppressions
         where tenant_id = $1 and ($2::varchar is null or id = $2)
           and ($3::varchar is null or reason = $3) and ($4::bigint is null or position < $4)
         order by position desc limit $5 offset $6",
        tenant,
        id,
        reason,
        after,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.position.to_string()))
}

/// Which of these are on a list, and why: one question for the recipients of many mails.
pub async fn reasons(
    pool: &PgPool,
    ids: &[SuppressionId],
) -> sqlx::Result<HashMap<SuppressionId, SuppressionReason>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!("select id, reason from suppressions where id = any($1)", &ids);
    let rows = rows.fetch_all(pool).await?;
    let known = rows.into_iter().filter_map(|row| {
        // A reason that a newer version knows is one, too.
        let reason = row.reason.parse().unwrap_or(SuppressionReason::Manual);
        Some((row.id.parse().ok()?, reason))
    });
    Ok(known.collect())
}
