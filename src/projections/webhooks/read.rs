//! A tenant's webhooks, one or all.

use sqlx::PgPool;

use super::WebhookRow;
use crate::projections::page::{PageRequest, Paged};
use crate::values::{TenantId, WebhookId};

/// A tenant's webhook.
pub async fn find(
    pool: &PgPool,
    tenant: TenantId,
    webhook: WebhookId,
) -> sqlx::Result<Option<WebhookRow>> {
    sqlx::query_as!(
        WebhookRow,
        "select id, tenant_id, url, events, active, secret, former_secret, former_until,
                disabled_at, version, created_at, updated_at, failing_since
         from webhooks where id = $1 and tenant_id = $2",
        webhook.to_string(),
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// How many webhooks a tenant has.
pub async fn count(pool: &PgPool, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "total!" from webhooks where tenant_id = $1"#,
        tenant.to_string(),
    )
    .fetch_one(pool)
    .await
}

/// A tenant's webhooks, the newest first.
pub async fn list(
    pool: &PgPool,
    tenant: TenantId,
    page: &PageRequest,
) -> sqlx::Result<Paged<WebhookRow>> {
    let total = count(pool, tenant).await?;
    let rows = sqlx::query_as!(
        WebhookRow,
        "select id, tenant_id, url, events, active, secret, former_secret, former_until,
                disabled_at, version, created_at, updated_at, failing_since
         from webhooks where tenant_id = $1 and ($2::varchar is null or id < $2)
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
