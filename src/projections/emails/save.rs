//! Writes what some facts make of the emails: a few statements, however many facts; and of an email that
//! was there before only what can change.

use sqlx::PgConnection;

use super::changes::{Changes, Known};
use super::progress::RecipientRow;
use super::row::EmailRow;

/// New emails, changed emails, and what happened to them.
pub(super) async fn all(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    let begun: Vec<&EmailRow> = changes.begun.values().collect();
    let known = changes.known.iter().map(|(id, known)| (id.to_string(), known));
    let known: Vec<(String, &Known)> = known.collect();
    // What is written last is written down while Postgres has the first to do.
    let (written, moments) =
        tokio::join!(emails(db, &begun, &known), async { Moments::of(changes) });
    written?;
    if !changes.moments.is_empty() {
        insert_moments(db, changes, &moments).await?;
    }
    Ok(())
}

async fn emails(
    db: &mut PgConnection,
    begun: &[&EmailRow],
    known: &[(String, &Known)],
) -> sqlx::Result<()> {
    if !begun.is_empty() {
        insert(db, begun).await?;
        insert_recipients(db, begun).await?;
    }
    if !known.is_empty() {
        update(db, known).await?;
        update_recipients(db, known).await?;
    }
    Ok(())
}

/// The columns of the timeline that are texts only in the table.
struct Moments {
    emails: Vec<String>,
    tenants: Vec<String>,
    details: Vec<String>,
}

impl Moments {
    fn of(changes: &Changes) -> Self {
        let moments = &changes.moments;
        Self {
            emails: each(moments, |(_, email, _)| email.to_string()),
            tenants: each(moments, |(tenant, ..)| tenant.to_string()),
            details: each(moments, |(.., moment)| moment.details.to_string()),
        }
    }
}

fn each<'a, T, C>(rows: &'a [T], column: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}

async fn insert(db: &mut PgConnection, rows: &[&EmailRow]) -> sqlx::Result<()> {
    sqlx::query_file!(
        "src/projections/emails/insert.sql",
        &each(rows, |row| row.id.as_str()) as &[&str],
        &each(rows, |row| row.tenant_id.as_str()) as &[&str],
        &each(rows, |row| row.sender.as_str()) as &[&str],
        &each(rows, |row| row.sender_address.as_str()) as &[&str],
        &each(rows, |row| row.subject.as_str()) as &[&str],
        &each(rows, |row| row.progress.status.as_str()) as &[&str],
        &each(rows, |row| row.priority.as_str()) as &[&str],
        &each(rows, |row| array_text(&row.tags)),
        &each(rows, |row| row.metadata.to_string()),
        &each(rows, |row| row.reply_to.as_deref()) as &[Option<&str>],
        &each(rows, |row| row.progress.attempts),
        &each(rows, |row| row.progress.next_attempt_at) as &[Option<_>],
        &each(rows, |row| row.progress.last_error.as_deref()) as &[Option<&str>],
        &each(rows, |row| row.scheduled_at) as &[Option<_>],
        &each(rows, |row| row.created_at),
        &each(rows, |row| row.progress.updated_at),
        &each(rows, |row| row.position),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_recipients(db: &mut PgConnection, emails: &[&EmailRow]) -> sqlx::Result<()> {
    let rows: Vec<(&EmailRow, i32, &RecipientRow)> = emails
        .iter()
        .flat_map(|email| {
            let each = (0..).zip(&email.progress.recipients);
            each.map(move |(place, to)| (*email, place, to))
        })
        .collect();
    sqlx::query!(
        "insert into email_recipients (email_id, tenant_id, address, kind, name, status, code,
                                       message, updated_at, position, place)
         select r.email_id, r.tenant_id, r.address, r.kind, r.name, r.status, r.code, r.message,
                r.updated_at, r.position, r.place
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[],
                     $6::varchar[], $7::int[], $8::varchar[], $9::timestamptz[], $10::bigint[],
                     $11::int[])
           as r(email_id, tenant_id, address, kind, name, status, code, message, updated_at,
                position, place)",
        &each(&rows, |(email, ..)| email.id.as_str()) as &[&str],
        &each(&rows, |(email, ..)| email.tenant_id.as_str()) as &[&str],
        &each(&rows, |(.., to)| to.address.as_str()) as &[&str],
        &each(&rows, |(.., to)| to.kind.as_str()) as &[&str],
        &each(&rows, |(.., to)| to.name.as_deref()) as &[Option<&str>],
        &each(&rows, |(.., to)| to.status.as_str()) as &[&str],
        &each(&rows, |(.., to)| to.code) as &[Option<i32>],
        &each(&rows, |(.., to)| to.message.as_deref()) as &[Option<&str>],
        &each(&rows, |(.., to)| to.updated_at),
        &each(&rows, |(email, ..)| email.position),
        &each(&rows, |(_, place, _)| *place),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn update(db: &mut PgConnection, known: &[(String, &Known)]) -> sqlx::Result<()> {
    sqlx::query!(
        "update emails
         set status = e.status, attempts = e.attempts, next_attempt_at = e.next_attempt_at,
             last_error = e.last_error, updated_at = e.updated_at
         from unnest($1::varchar[], $2::varchar[], $3::int[], $4::timestamptz[], $5::varchar[],
                     $6::timestamptz[])
           as e(id, status, attempts, next_attempt_at, last_error, updated_at)
         where emails.id = e.id",
        &each(known, |(id, _)| id.as_str()) as &[&str],
        &each(known, |(_, email)| email.now.status.as_str()) as &[&str],
        &each(known, |(_, email)| email.now.attempts),
        &each(known, |(_, email)| email.now.next_attempt_at) as &[Option<_>],
        &each(known, |(_, email)| email.now.last_error.as_deref()) as &[Option<&str>],
        &each(known, |(_, email)| email.now.updated_at),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn update_recipients(db: &mut PgConnection, known: &[(String, &Known)]) -> sqlx::Result<()> {
    let changed: Vec<(&str, &RecipientRow)> = known
        .iter()
        .flat_map(|(id, email)| {
            let pairs = email.now.recipients.iter().zip(&email.before);
            pairs.filter(|(now, before)| now != before).map(|(now, _)| (id.as_str(), now))
        })
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update email_recipients
         set status = r.status, code = r.code, message = r.message, updated_at = r.updated_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::int[], $5::varchar[],
                     $6::timestamptz[])
           as r(email_id, address, status, code, message, updated_at)
         where email_recipients.email_id = r.email_id and email_recipients.address = r.address",
        &each(&changed, |(id, _)| *id) as &[&str],
        &each(&changed, |(_, to)| to.address.as_str()) as &[&str],
        &each(&changed, |(_, to)| to.status.as_str()) as &[&str],
        &each(&changed, |(_, to)| to.code) as &[Option<i32>],
        &each(&changed, |(_, to)| to.message.as_deref()) as &[Option<&str>],
        &each(&changed, |(_, to)| to.updated_at),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_moments(
    db: &mut PgConnection,
    changes: &Changes,
    texts: &Moments,
) -> sqlx::Result<()> {
    let moments = &changes.moments;
    sqlx::query!(
        "insert into email_timeline (email_id, position, tenant_id, type, at, details)
         select m.email_id, m.position, m.tenant_id, m.type, m.at, m.details::jsonb
         from unnest($1::varchar[], $2::bigint[], $3::varchar[], $4::varchar[],
                     $5::timestamptz[], $6::text[])
           as m(email_id, position, tenant_id, type, at, details)",
        &texts.emails,
        &each(moments, |(.., moment)| moment.position),
        &texts.tenants,
        &each(moments, |(.., moment)| moment.kind) as &[&str],
        &each(moments, |(.., moment)| moment.at.as_datetime()),
        &texts.details,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An array as Postgres reads it from text: arrays of arrays cannot be of different lengths.
fn array_text(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}
