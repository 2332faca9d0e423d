//! Keeps `emails`, `email_recipients` and `email_timeline`.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use sqlx::PgConnection;

use super::changes::{Changes, Known};
use super::erase::{at_erasure, erase};
use super::progress::{Progress, RecipientRow};
use super::save;
use super::under_way::UnderWay;
use crate::events::{EmailEvent, Fact, Recorded};
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::EmailId;

/// Keeps the emails' read tables.
#[derive(Debug, Default)]
pub struct Emails {
    under_way: UnderWay,
}

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
            self.take_in(db, before).await?;
            let Some((tenant, after)) = erased else { return Ok(()) };
            erase(db, tenant).await?;
            // What was kept in mind may say what is erased.
            self.under_way.forget();
            left = after;
        }
    }
}

impl Emails {
    async fn take_in(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else { return Ok(()) };
        let mut kept = self.under_way.before(first.position);
        let known = known_before(db, facts, &mut kept).await?;
        let mut changes = Changes { known, ..Changes::default() };
        for recorded in facts {
            changes.take_in(recorded);
        }
        save::all(db, &changes).await?;
        let begun = changes.begun.into_iter().map(|(email, row)| (email, row.progress));
        let known = changes.known.into_iter().map(|(email, known)| (email, known.now));
        self.under_way.keep(last.position, kept, begun.chain(known));
        Ok(())
    }
}

/// The emails among these facts that do not begin here: as they were kept in mind, or else as they were written.
async fn known_before(
    db: &mut PgConnection,
    facts: &[Recorded],
    kept: &mut BTreeMap<EmailId, Progress>,
) -> sqlx::Result<BTreeMap<EmailId, Known>> {
    let mut begins_here = HashMap::new();
    for recorded in facts {
        if let Fact::Email(_, email, event) = &recorded.fact {
            let begins = matches!(event, EmailEvent::Accepted(_));
            begins_here.entry(*email).or_insert(begins);
        }
    }
    let mut known = BTreeMap::new();
    let mut unknown = HashMap::new();
    for (email, _) in begins_here.into_iter().filter(|(_, begins)| !begins) {
        match kept.remove(&email) {
            Some(now) => drop(known.insert(email, Known::so_far(now))),
            None => drop(unknown.insert(email.to_string(), email)),
        }
    }
    let ids: Vec<&str> = unknown.keys().map(String::as_str).collect();
    let loaded = load(db, &ids).await?.into_iter();
    known.extend(loaded.filter_map(|(id, now)| Some((*unknown.get(&id)?, Known::so_far(now)))));
    Ok(known)
}

/// How far these emails have come; what cannot change is not read.
async fn load(db: &mut PgConnection, ids: &[&str]) -> sqlx::Result<Vec<(String, Progress)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut recipients = load_recipients(&mut *db, ids).await?;
    let rows = sqlx::query!(
        "select id, status, attempts, next_attempt_at, last_error, updated_at
         from emails where id = any($1)",
        ids as &[&str],
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let progress = Progress {
            recipients: recipients.remove(&row.id).unwrap_or_default(),
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            updated_at: row.updated_at,
        };
        (row.id, progress)
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
