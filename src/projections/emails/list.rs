//! A tenant's emails, the newest first, by what their sender looks for.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;

use super::progress::Progress;
use super::projector::load_recipients;
use super::row::EmailRow;
use crate::projections::page::{PageRequest, Paged};
use crate::values::{Address, TenantId, Timestamp};

/// Which emails are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailFilter {
    /// In this status.
    pub status: Option<String>,
    /// From this sender.
    pub from: Option<Address>,
    /// To this recipient.
    pub to: Option<Address>,
    /// With this tag.
    pub tag: Option<String>,
    /// With these metadata.
    pub metadata: Option<Value>,
    /// Accepted at or after this moment.
    pub since: Option<Timestamp>,
    /// Accepted before this moment.
    pub until: Option<Timestamp>,
}

/// The filter as Postgres takes it.
struct Wanted {
    tenant: String,
    from: Option<String>,
    to: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// A tenant's emails.
pub async fn list(
    pool: &PgPool,
    tenant: TenantId,
    filter: &EmailFilter,
    page: &PageRequest,
) -> sqlx::Result<Paged<EmailRow>> {
    let wanted = Wanted {
        tenant: tenant.to_string(),
        from: filter.from.as_ref().map(ToString::to_string),
        to: filter.to.as_ref().map(ToString::to_string),
        since: filter.since.map(Timestamp::as_datetime),
        until: filter.until.map(Timestamp::as_datetime),
    };
    let total = count(pool, filter, &wanted).await?;
    let mut rows = rows(pool, filter, &wanted, page).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut recipients = load_recipients(pool, &ids).await?;
    for row in &mut rows {
        row.progress.recipients = recipients.remove(&row.id).unwrap_or_default();
    }
    Ok(page.page_of(rows, total, |row| row.position.to_string()))
}

async fn count(pool: &PgPool, filter: &EmailFilter, wanted: &Wanted) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "total!" from emails e
           where e.tenant_id = $1
             and ($2::varchar is null or e.status = $2)
             and ($3::varchar is null or e.sender_address = $3)
             and ($4::varchar is null or exists (
                     select 1 from email_recipients r
                     where r.tenant_id = $1 and r.email_id = e.id and r.address = $4))
             and ($5::varchar is null or (e.tags <> '{}' and e.tags @> array[$5::varchar]))
             and ($6::jsonb is null or e.metadata @> $6)
             and ($7::timestamptz is null or e.created_at >= $7)
             and ($8::timestamptz is null or e.created_at < $8)"#,
        wanted.tenant,
        filter.status,
        wanted.from,
        wanted.to,
        filter.tag,
        filter.metadata,
        wanted.since,
        wanted.until,
    )
    .fetch_one(pool)
    .await
}

async fn rows(
    pool: &PgPool,
    filter: &EmailFilter,
    wanted: &Wanted,
    page: &PageRequest,
) -> sqlx::Result<Vec<EmailRow>> {
    let after = page.cursor.as_ref().map(|cursor| cursor.parse().unwrap_or(0_i64));
    let rows = sqlx::query_file!(
        "src/projections/emails/list.sql",
        wanted.tenant,
        filter.status,
        wanted.from,
        wanted.to,
        filter.tag,
        filter.metadata,
        wanted.since,
        wanted.until,
        after,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    let rows = rows.into_iter().map(|row| EmailRow {
        id: row.id,
        tenant_id: row.tenant_id,
        sender: row.sender,
        sender_address: row.sender_address,
        subject: row.subject,
        priority: row.priority,
        tags: row.tags,
        metadata: row.metadata,
        reply_to: row.reply_to,
        scheduled_at: row.scheduled_at,
        created_at: row.created_at,
        position: row.position,
        progress: Progress {
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            updated_at: row.updated_at,
            recipients: Vec::new(),
        },
    });
    Ok(rows.collect())
}
