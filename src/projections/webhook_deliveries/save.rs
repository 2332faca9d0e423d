//! Writes what facts make of the deliveries.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::values::{NoticeKind, Timestamp};

/// A notice that is to be delivered.
#[derive(Debug)]
pub(super) struct New {
    pub(super) id: String,
    pub(super) tenant: String,
    pub(super) webhook: String,
    pub(super) email: String,
    pub(super) recipient: String,
    pub(super) kind: NoticeKind,
    pub(super) position: i64,
    pub(super) at: Timestamp,
}

/// Forgets all that these webhooks were told.
pub(super) async fn delete(db: &mut PgConnection, webhooks: &[String]) -> sqlx::Result<()> {
    if !webhooks.is_empty() {
        sqlx::query!("delete from webhook_deliveries where webhook_id = any($1)", webhooks)
            .execute(db)
            .await?;
    }
    Ok(())
}

/// Forgets what was answered to notices of these emails, each after its tenant: receivers repeat what they
/// are told.
pub(super) async fn blank(db: &mut PgConnection, emails: &[(String, String)]) -> sqlx::Result<()> {
    if emails.is_empty() {
        return Ok(());
    }
    let (tenants, emails): (Vec<String>, Vec<String>) = emails.iter().cloned().unzip();
    sqlx::query!(
        "update webhook_deliveries set response_body = null, error = null
         where tenant_id = any($1) and email_id = any($2)
           and (response_body is not null or error is not null)",
        &tenants,
        &emails,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds what is to be told, but nothing from before the horizon: it was forgotten, and would be told again. We
/// hold the cursor, so the horizon stands; whoever grows a table beside the live one looks again in the swap.
pub(super) async fn insert(db: &mut PgConnection, new: &[New]) -> sqlx::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&New) -> &str| -> Vec<String> {
        new.iter().map(|one| of(one).to_owned()).collect()
    };
    let positions: Vec<i64> = new.iter().map(|one| one.position).collect();
    let times: Vec<DateTime<Utc>> = new.iter().map(|one| one.at.as_datetime()).collect();
    sqlx::query!(
        "insert into webhook_deliveries
             (id, tenant_id, webhook_id, email_id, recipient, kind, position, created_at)
         select d.id, d.tenant_id, d.webhook_id, d.email_id, d.recipient, d.kind, d.position,
                d.created_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::varchar[], $7::bigint[], $8::timestamptz[])
           as d(id, tenant_id, webhook_id, email_id, recipient, kind, position, created_at)
         where d.created_at >= coalesce((select forgotten_before from projection_cursors
                                         where projection = 'webhook_deliveries'), '-infinity')",
        &text(|one| &one.id),
        &text(|one| &one.tenant),
        &text(|one| &one.webhook),
        &text(|one| &one.email),
        &text(|one| &one.recipient),
        &text(|one| one.kind.as_str()),
        &positions,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}
