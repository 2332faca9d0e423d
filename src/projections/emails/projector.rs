//! Keeps `emails`, `email_recipients` and `email_timeline`.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use sqlx::PgConnection;

use super::changes::{Changes, Known};
use super::erase::{at_erasure, erase};
use super::row::{EmailRow, RecipientRow};
use super::save;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::EmailId;

/// Keeps the emails' read tables.
#[derive(Debug)]
pub struct Emails;

const TABLES: &[Table] = &[
    Table {
        name: "emails",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Stream("id"),
    },
    Table {
        name: "email_recipients",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Stream("email_id"),
    },
    Table {
        name: "email_timeline",
        tenant: Some("tenant_id"),
        work_state: &[],
        origin: Origin::Position("position"),
    },
];

#[async_trait]
impl Projector for Emails {
    fn name(&self) -> &'static str {
        "emails"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut left = facts;
        loop {
            let (before, erased) = at_erasure(left);
            take_in(db, before).await?;
            let Some((tenant, after)) = erased else { return Ok(()) };
            erase(db, tenant).await?;
            left = after;
        }
    }
}

async fn take_in(db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
    let mut changes = Changes { known: known_before(db, facts).await?, ..Changes::default() };
    for recorded in facts {
        changes.take_in(recorded);
    }
    save::all(db, &changes).await
}

/// The emails among these facts that do not begin here.
async fn known_before(
    db: &mut PgConnection,
    facts: &[Recorded],
) -> sqlx::Result<BTreeMap<EmailId, Known>> {
    let mut begins_here = HashMap::new();
    for recorded in facts {
        if let Fact::Email(_, email, event) = &recorded.fact {
            let begins = matches!(event, EmailEvent::Accepted(_));
            begins_here.entry(*email).or_insert(begins);
        }
    }
    let before: HashMap<String, EmailId> = begins_here
        .into_iter()
        .filter(|(_, begins)| !begins)
        .map(|(email, _)| (email.to_string(), email))
        .collect();
    let ids: Vec<&str> = before.keys().map(String::as_str).collect();
    let rows = load(db, &ids).await?;
    let known = rows.into_iter().filter_map(|row| {
        let email = before.get(&row.id)?;
        Some((*email, Known { before: row.recipients.clone(), row }))
    });
    Ok(known.collect())
}

async fn load(db: &mut PgConnection, ids: &[&str]) -> sqlx::Result<Vec<EmailRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut recipients = load_recipients(&mut *db, ids).await?;
    let rows = sqlx::query!(
        "select id, tenant_id, sender, sender_address, subject, status, priority, tags, metadata,
                reply_to, attempts, next_attempt_at, last_error, scheduled_at, created_at,
                updated_at, position
         from emails where id = any($1)",
        ids as &[&str],
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
    Ok(rows.collect())
}

/// The recipients of these emails, each email's in their order.
pub(super) async fn load_recipients(
    db: impl sqlx::PgExecutor<'_>,
    ids: &[&str],
) -> sqlx::Result<HashMap<String, Vec<RecipientRow>>> {
    let rows = sqlx::query!(
        "select email_id, address, kind, name, status, code, message, updated_at
         from email_recipients where email_id = any($1) order by email_id, place",
        ids as &[&str],
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
