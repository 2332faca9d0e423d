//! What a webhook was told and how it answered, for its owner; and that it may be told again.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::projections::page::{PageRequest, Paged};
use crate::values::{EventId, Timestamp, WebhookId};

/// A notice with what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// Of which email it tells.
    pub email_id: String,
    /// What it tells.
    pub kind: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was tried last.
    pub attempted_at: Option<DateTime<Utc>>,
    /// How long the last answer took.
    pub latency_ms: Option<i32>,
    /// The last answer's status.
    pub response_status: Option<i32>,
    /// The first kilobyte of the last answer.
    pub response_body: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// What a webhook was told, the newest first; if asked for, only what stands so.
pub async fn list(
    pool: &PgPool,
    webhook: WebhookId,
    status: Option<&str>,
    page: &PageRequest,
) -> sqlx::Result<Paged<DeliveryRow>> {
    let webhook = webhook.to_string();
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from webhook_deliveries
           where webhook_id = $1 and ($2::varchar is null or status = $2)"#,
        webhook,
        status,
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query_as!(
        DeliveryRow,
        "select id, email_id, kind, status, attempts, next_attempt_at, attempted_at, latency_ms,
                response_status, response_body, error, created_at
         from webhook_deliveries
         where webhook_id = $1 and ($2::varchar is null or status = $2)
           and ($3::varchar is null
                or (position, id) < (select c.position, c.id from webhook_deliveries c
                                     where c.id = $3 and c.webhook_id = $1))
         order by position desc, id desc limit $4 offset $5",
        webhook,
        status,
        page.cursor,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.id.clone()))
}

/// One of the notices to a webhook.
pub async fn find(
    pool: &PgPool,
    webhook: WebhookId,
    delivery: EventId,
) -> sqlx::Result<Option<DeliveryRow>> {
    sqlx::query_as!(
        DeliveryRow,
        "select id, email_id, kind, status, attempts, next_attempt_at, attempted_at, latency_ms,
                response_status, response_body, error, created_at
         from webhook_deliveries where id = $1 and webhook_id = $2",
        delivery.to_string(),
        webhook.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// Lets a notice be tried at once, whatever came of it; unless it is on its way just now. What it is then.
pub async fn retry(
    pool: &PgPool,
    webhook: WebhookId,
    delivery: EventId,
    now: Timestamp,
) -> sqlx::Result<Option<DeliveryRow>> {
    sqlx::query!(
        "update webhook_deliveries set status = 'pending', next_attempt_at = $3
         where id = $1 and webhook_id = $2 and (lease is null or leased_until <= $3)",
        delivery.to_string(),
        webhook.to_string(),
        now.as_datetime(),
    )
    .execute(pool)
    .await?;
    find(pool, webhook, delivery).await
}
