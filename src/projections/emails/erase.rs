//! Takes what is personal out of the read tables, in the place of the log at which its tenant was erased.

use sqlx::PgConnection;

use crate::events::{Fact, Recorded, TenantEvent};
use crate::values::TenantId;

/// Emails in one statement: it must end long before the time limit of statements.
const PIECE: i64 = 5_000;

/// The facts up to an erasure, whose it is, and the facts after it.
///
/// Facts before it may have been read while the key was still there, and facts after it say nothing
/// personal: so each part is taken in on its own, and the tables are emptied between them.
pub(super) fn at_erasure(facts: &[Recorded]) -> (&[Recorded], Option<(TenantId, &[Recorded])>) {
    for (place, recorded) in facts.iter().enumerate() {
        if let Fact::Tenant(tenant, TenantEvent::Erased) = &recorded.fact {
            let (before, after) = facts.split_at(place + 1);
            return (before, Some((*tenant, after)));
        }
    }
    (facts, None)
}

/// Erases all emails of a tenant.
pub(super) async fn erase(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    let mut after = 0;
    loop {
        let emails = sqlx::query!(
            "select id, position from emails where tenant_id = $1 and position > $2
             order by position limit $3",
            tenant.to_string(),
            after,
            PIECE,
        )
        .fetch_all(&mut *db)
        .await?;
        let Some(last) = emails.last() else { return Ok(()) };
        after = last.position;
        let ids: Vec<String> = emails.into_iter().map(|email| email.id).collect();
        sqlx::query_file!("src/projections/emails/erase.sql", &ids).execute(&mut *db).await?;
    }
}
