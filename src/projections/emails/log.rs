//! What happened to a tenant's emails, the newest first: the timelines of all, or of one.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;

use crate::projections::page::{PageRequest, Paged};
use crate::values::{Address, EmailId, TenantId, Timestamp};

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

/// Which moments are wanted; what is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this email.
    pub email: Option<EmailId>,
    /// Of these kinds.
    pub kinds: Option<Vec<String>>,
    /// Of emails to this recipient, but for what is about another one.
    pub recipient: Option<Address>,
    /// At or after this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// What happened to a tenant's emails.
pub async fn log(
    pool: &PgPool,
    tenant: TenantId,
    filter: &LogFilter,
    page: &PageRequest,
) -> sqlx::Result<Paged<LogRow>> {
    let after = page.cursor.as_ref().map(|cursor| cursor.parse().unwrap_or(0_i64));
    let total = sqlx::query_file_scalar!(
        "src/projections/emails/log_count.sql",
        tenant.to_string(),
        filter.email.map(|email| email.to_string()),
        filter.kinds.as_deref(),
        filter.recipient.as_ref().map(ToString::to_string),
        filter.since.map(Timestamp::as_datetime),
        filter.until.map(Timestamp::as_datetime),
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query_file_as!(
        LogRow,
        "src/projections/emails/log.sql",
        tenant.to_string(),
        filter.email.map(|email| email.to_string()),
        filter.kinds.as_deref(),
        filter.recipient.as_ref().map(ToString::to_string),
        filter.since.map(Timestamp::as_datetime),
        filter.until.map(Timestamp::as_datetime),
        after,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.position.to_string()))
}
