//! Keeps `emails`, `email_recipients` and `email_timeline`.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::row::{EmailRow, RecipientRow};
use super::timeline::{Moment, moment};
use crate::events::{EmailEvent, Fact, Recorded};
use crate::projections::Projector;

/// Keeps the emails' read tables.
#[derive(Debug)]
pub struct Emails;

#[async_trait]
impl Projector for Emails {
    fn name(&self) -> &'static str {
        "emails"
    }

    fn version(&self) -> i32 {
        1
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut rows = load(db, &known_before(facts)).await?;
        let mut timeline = Vec::new();
        for recorded in facts {
            let Fact::Email(tenant, email, event) = &recorded.fact else { continue };
            if let Some(row) = EmailRow::begin(recorded) {
                rows.insert(row.id.clone(), row);
            } else if let Some(row) = rows.get_mut(&email.to_string()) {
                row.live(event, recorded.at);
            }
            let told = moment(recorded).map(|m| (tenant.to_string(), email.to_string(), m));
            timeline.extend(told);
        }
        if timeline.is_empty() {
            return Ok(());
        }
        let rows: Vec<EmailRow> = rows.into_values().collect();
        save(db, &rows).await?;
        save_recipients(db, &rows).await?;
        save_timeline(db, &timeline).await
    }

    async fn reset(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        // A delete of some millions of rows would run into the time limit of a statement, every time.
        sqlx::query!("truncate email_timeline, email_recipients, emails").execute(db).await?;
        Ok(())
    }
}

/// The emails among these facts that do not begin here.
fn known_before(facts: &[Recorded]) -> Vec<String> {
    let mut begun = HashMap::new();
    for recorded in facts {
        if let Fact::Email(_, email, event) = &recorded.fact {
            let here = matches!(event, EmailEvent::Accepted(_));
            begun.entry(*email).or_insert(here);
        }
    }
    begun.into_iter().filter(|(_, here)| !here).map(|(email, _)| email.to_string()).collect()
}

async fn load(db: &mut PgConnection, ids: &[String]) -> sqlx::Result<HashMap<String, EmailRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut recipients = load_recipients(&mut *db, ids).await?;
    let rows = sqlx::query!(
        "select id, tenant_id, sender, sender_address, subject, status, priority, tags, metadata,
                reply_to, attempts, next_attempt_at, last_error, scheduled_at, created_at,
                updated_at, position
         from emails where id = any($1)",
        ids,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|row| EmailRow {
        recipients: recipients.remove(&row.id).unwrap_or_default(),
        id: row.id,
        tenant_id: row.tenant_id,
        sender: row.sender,
        sender_address: row.sender_address,
        subject: row.subject,
        status: row.status,
        priority: row.priority,
        tags: row.tags,
        metadata: row.metadata,
        reply_to: row.reply_to,
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at,
        last_error: row.last_error,
        scheduled_at: row.scheduled_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        position: row.position,
    });
    Ok(rows.map(|row| (row.id.clone(), row)).collect())
}

/// The recipients of these emails, each email's in their order.
pub(super) async fn load_recipients(
    db: impl sqlx::PgExecutor<'_>,
    ids: &[String],
) -> sqlx::Result<HashMap<String, Vec<RecipientRow>>> {
    let rows = sqlx::query!(
        "select email_id, address, kind, name, status, code, message, updated_at
         from email_recipients where email_id = any($1) order by email_id, place",
        ids,
    )
    .fetch_all(db)
    .await?;
    let mut recipients: HashMap<String, Vec<RecipientRow>> = HashMap::new();
    for row in rows {
        recipients.entry(row.email_id).or_default().push(RecipientRow {
            address: row.address,
            kind: row.kind,
            name: row.name,
            status: row.status,
            code: row.code,
            message: row.message,
            updated_at: row.updated_at,
        });
    }
    Ok(recipients)
}

async fn save(db: &mut PgConnection, rows: &[EmailRow]) -> sqlx::Result<()> {
    let text = |of: fn(&EmailRow) -> &str| -> Vec<String> {
        rows.iter().map(|row| of(row).to_owned()).collect()
    };
    let maybe = |of: fn(&EmailRow) -> &Option<String>| -> Vec<Option<String>> {
        rows.iter().map(|row| of(row).clone()).collect()
    };
    let time = |of: fn(&EmailRow) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        rows.iter().map(of).collect()
    };
    let tags: Vec<Value> = rows.iter().map(|row| json!(row.tags)).collect();
    let metadata: Vec<Value> = rows.iter().map(|row| row.metadata.clone()).collect();
    let attempts: Vec<i32> = rows.iter().map(|row| row.attempts).collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    sqlx::query_file!(
        "src/projections/emails/save.sql",
        &text(|row| &row.id),
        &text(|row| &row.tenant_id),
        &text(|row| &row.sender),
        &text(|row| &row.sender_address),
        &text(|row| &row.subject),
        &text(|row| &row.status),
        &text(|row| &row.priority),
        &tags,
        &metadata,
        &maybe(|row| &row.reply_to) as &[Option<String>],
        &attempts,
        &time(|row| row.next_attempt_at) as &[Option<DateTime<Utc>>],
        &maybe(|row| &row.last_error) as &[Option<String>],
        &time(|row| row.scheduled_at) as &[Option<DateTime<Utc>>],
        &time(|row| Some(row.created_at)) as &[Option<DateTime<Utc>>],
        &time(|row| Some(row.updated_at)) as &[Option<DateTime<Utc>>],
        &positions,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn save_recipients(db: &mut PgConnection, rows: &[EmailRow]) -> sqlx::Result<()> {
    let all: Vec<(&EmailRow, i32, &RecipientRow)> = rows
        .iter()
        .flat_map(|email| (0..).zip(&email.recipients).map(move |(place, to)| (email, place, to)))
        .collect();
    let text = |of: fn(&EmailRow, &RecipientRow) -> String| -> Vec<String> {
        all.iter().map(|(email, _, to)| of(email, to)).collect()
    };
    let names: Vec<Option<String>> = all.iter().map(|(.., to)| to.name.clone()).collect();
    let codes: Vec<Option<i32>> = all.iter().map(|(.., to)| to.code).collect();
    let messages: Vec<Option<String>> = all.iter().map(|(.., to)| to.message.clone()).collect();
    let updated: Vec<_> = all.iter().map(|(.., to)| to.updated_at).collect();
    let positions: Vec<i64> = all.iter().map(|(email, ..)| email.position).collect();
    let places: Vec<i32> = all.iter().map(|(_, place, _)| *place).collect();
    sqlx::query!(
        "insert into email_recipients (email_id, tenant_id, address, kind, name, status, code,
                                       message, updated_at, position, place)
         select r.email_id, r.tenant_id, r.address, r.kind, r.name, r.status, r.code, r.message,
                r.updated_at, r.position, r.place
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::varchar[], $7::int[], $8::varchar[], $9::timestamptz[], $10::bigint[],
                     $11::int[])
           as r(email_id, tenant_id, address, kind, name, status, code, message, updated_at,
                position, place)
         on conflict (email_id, address) do update
         set status = excluded.status, code = excluded.code, message = excluded.message,
             updated_at = excluded.updated_at",
        &text(|email, _| email.id.clone()),
        &text(|email, _| email.tenant_id.clone()),
        &text(|_, to| to.address.clone()),
        &text(|_, to| to.kind.clone()),
        &names as &[Option<String>],
        &text(|_, to| to.status.clone()),
        &codes as &[Option<i32>],
        &messages as &[Option<String>],
        &updated,
        &positions,
        &places,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn save_timeline(
    db: &mut PgConnection,
    moments: &[(String, String, Moment)],
) -> sqlx::Result<()> {
    let tenants: Vec<String> = moments.iter().map(|(tenant, ..)| tenant.clone()).collect();
    let emails: Vec<String> = moments.iter().map(|(_, email, _)| email.clone()).collect();
    let kinds: Vec<String> = moments.iter().map(|(.., m)| m.kind.to_owned()).collect();
    let times: Vec<_> = moments.iter().map(|(.., m)| m.at.as_datetime()).collect();
    let details: Vec<Value> = moments.iter().map(|(.., m)| m.details.clone()).collect();
    let positions: Vec<i64> = moments.iter().map(|(.., m)| m.position).collect();
    sqlx::query!(
        "insert into email_timeline (email_id, position, tenant_id, type, at, details)
         select m.email_id, m.position, m.tenant_id, m.type, m.at, m.details
         from unnest($1::varchar[], $2::bigint[], $3::varchar[], $4::varchar[],
                     $5::timestamptz[], $6::jsonb[])
           as m(email_id, position, tenant_id, type, at, details)",
        &emails,
        &positions,
        &tenants,
        &kinds,
        &times,
        &details,
    )
    .execute(db)
    .await?;
    Ok(())
}
