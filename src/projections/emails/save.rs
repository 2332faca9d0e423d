//! Writes what some facts make of the emails: a few statements, however many facts; and of an email that
//! was there before only what can change.

use sqlx::PgConnection;

use super::changes::{Changes, Known};
use super::progress::RecipientRow;
use super::row::EmailRow;
use crate::projections::copy::Rows;

const EMAILS: &str =
    "copy emails (id, tenant_id, sender, sender_address, subject, status, priority, tags, metadata,
    reply_to, attempts, next_attempt_at, last_error, scheduled_at, created_at, updated_at, position)
    from stdin (format binary)";

const RECIPIENTS: &str =
    "copy email_recipients (email_id, tenant_id, address, kind, name, status, code, message,
    updated_at, position, place)
    from stdin (format binary)";

const TIMELINE: &str = "copy email_timeline (email_id, position, tenant_id, type, at, details)
    from stdin (format binary)";

/// New emails, changed emails, and what happened to them.
pub(super) async fn all(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    if !changes.begun.is_empty() {
        begun(changes.begun.values()).send(db, EMAILS).await?;
        recipients(changes.begun.values()).send(db, RECIPIENTS).await?;
    }
    // What is written last is written down while Postgres has those that were there before to do. (Whoever copies
    // has to hand over the rows meanwhile.)
    let (updated, moments) = tokio::join!(change(db, changes), async { moments(changes) });
    updated?;
    if !changes.moments.is_empty() {
        moments.send(db, TIMELINE).await?;
    }
    Ok(())
}

async fn change(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    if changes.known.is_empty() {
        return Ok(());
    }
    let known = changes.known.iter().map(|(id, known)| (id.to_string(), known));
    let known: Vec<(String, &Known)> = known.collect();
    update(db, &known).await?;
    update_recipients(db, &known).await
}

fn begun<'a>(emails: impl Iterator<Item = &'a EmailRow>) -> Rows {
    let mut rows = Rows::new();
    for email in emails {
        let now = &email.progress;
        rows.add([
            &email.id,
            &email.tenant_id,
            &email.sender,
            &email.sender_address,
            &email.subject,
            &now.status,
            &email.priority,
            &email.tags,
            &email.metadata,
            &email.reply_to,
            &now.attempts,
            &now.next_attempt_at,
            &now.last_error,
            &email.scheduled_at,
            &email.created_at,
            &now.updated_at,
            &email.position,
        ]);
    }
    rows
}

fn recipients<'a>(emails: impl Iterator<Item = &'a EmailRow>) -> Rows {
    let mut rows = Rows::new();
    for email in emails {
        for (place, to) in (0_i32..).zip(&email.progress.recipients) {
            rows.add([
                &email.id,
                &email.tenant_id,
                &to.address,
                &to.kind,
                &to.name,
                &to.status,
                &to.code,
                &to.message,
                &to.updated_at,
                &email.position,
                &place,
            ]);
        }
    }
    rows
}

fn moments(changes: &Changes) -> Rows {
    let mut rows = Rows::new();
    for (tenant, email, moment) in &changes.moments {
        let (tenant, email) = (tenant.to_string(), email.to_string());
        let at = moment.at.as_datetime();
        rows.add([&email, &moment.position, &tenant, &moment.kind, &at, &moment.details]);
    }
    rows
}

fn each<'a, T, C>(rows: &'a [T], column: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
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
