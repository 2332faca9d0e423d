//! Reads and writes the rows that facts change.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::WebhookRow;

/// The rows with these ids, held until they are written: what others see of their health may not be lost.
pub(super) async fn load(
    db: &mut PgConnection,
    ids: &[String],
) -> sqlx::Result<HashMap<String, WebhookRow>> {
    let rows = sqlx::query_as!(
        WebhookRow,
        "select id, tenant_id, url, events, active, secret, former_secret, former_until,
                disabled_at, version, created_at, updated_at, failing_since
         from webhooks where id = any($1) order by id for update",
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

pub(super) async fn delete(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<()> {
    if !ids.is_empty() {
        sqlx::query!("delete from webhooks where id = any($1)", ids).execute(db).await?;
    }
    Ok(())
}

pub(super) async fn upsert(db: &mut PgConnection, rows: &[WebhookRow]) -> sqlx::Result<()> {
    type Moment = Option<DateTime<Utc>>;
    let text = |of: fn(&WebhookRow) -> &str| -> Vec<String> {
        rows.iter().map(|row| of(row).to_owned()).collect()
    };
    let time = |of: fn(&WebhookRow) -> Moment| -> Vec<Moment> { rows.iter().map(of).collect() };
    // Postgres has no arrays of arrays of different lengths: they travel as JSON.
    let events: Vec<_> = rows.iter().map(|row| serde_json::json!(row.events)).collect();
    let active: Vec<bool> = rows.iter().map(|row| row.active).collect();
    let former: Vec<Option<String>> = rows.iter().map(|row| row.former_secret.clone()).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    sqlx::query!(
        "insert into webhooks (id, tenant_id, url, events, active, secret, former_secret,
                               former_until, disabled_at, version, created_at, updated_at,
                               failing_since)
         select w.id, w.tenant_id, w.url, array(select jsonb_array_elements_text(w.events)),
                w.active, w.secret, w.former_secret, w.former_until, w.disabled_at, w.version,
                w.created_at, w.updated_at, w.failing_since
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::jsonb[], $5::bool[],
                     $6::varchar[], $7::varchar[], $8::timestamptz[], $9::timestamptz[],
                     $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
           as w(id, tenant_id, url, events, active, secret, former_secret, former_until,
                disabled_at, version, created_at, updated_at, failing_since)
         on conflict (id) do update
         set url = excluded.url, events = excluded.events, active = excluded.active,
             secret = excluded.secret, former_secret = excluded.former_secret,
             former_until = excluded.former_until, disabled_at = excluded.disabled_at,
             version = excluded.version, updated_at = excluded.updated_at,
             failing_since = excluded.failing_since",
        &text(|row| &row.id),
        &text(|row| &row.tenant_id),
        &text(|row| &row.url),
        &events,
        &active,
        &text(|row| &row.secret),
        &former as &[Option<String>],
        &time(|row| row.former_until) as &[Moment],
        &time(|row| row.disabled_at) as &[Moment],
        &versions,
        &time(|row| Some(row.created_at)) as &[Moment],
        &time(|row| Some(row.updated_at)) as &[Moment],
        &time(|row| row.failing_since) as &[Moment],
    )
    .execute(db)
    .await?;
    Ok(())
}
