//! Takes notices that are due under a lease, fairly between webhooks, and gives them back.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::values::Timestamp;

/// A notice that is ours for a while, with what its webhook is just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// Whose.
    pub tenant_id: String,
    /// For which webhook.
    pub webhook_id: String,
    /// Of which email it tells.
    pub email_id: String,
    /// Of which recipient; empty if nobody knows who of several it was.
    pub recipient: String,
    /// What it tells.
    pub kind: String,
    /// Where the fact stands.
    pub position: i64,
    /// How often it was tried before.
    pub attempts: i32,
    /// Where it is posted.
    pub url: String,
    /// Signs it, sealed.
    pub secret: String,
    /// Signed it before, sealed.
    pub former_secret: Option<String>,
    /// Until when that one signs, too.
    pub former_until: Option<DateTime<Utc>>,
}

/// What a worker wants.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The name under which it will be the worker's.
    pub lease: Uuid,
    /// The present moment.
    pub now: Timestamp,
    /// Until when it will be.
    pub until: Timestamp,
    /// The webhook that was served last: this round begins after it.
    pub after: &'a str,
    /// So many more these webhooks may have on the way.
    pub rooms: (&'a [String], &'a [i64]),
    /// So many any other.
    pub room: i64,
    /// What is on the way already.
    pub flying: &'a [String],
    /// So many in all.
    pub most: i64,
}

/// Takes what is due.
pub async fn claim(pool: &PgPool, wanted: &Wanted<'_>) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_file_as!(
        Claimed,
        "src/projections/webhook_deliveries/claim.sql",
        wanted.lease,
        wanted.now.as_datetime(),
        wanted.until.as_datetime(),
        wanted.after,
        wanted.rooms.0,
        wanted.rooms.1,
        wanted.room,
        wanted.flying,
        wanted.most,
    )
    .fetch_all(pool)
    .await
}

/// Lets others have at once what is not going to be told any more.
pub async fn give_back(pool: &PgPool, leases: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_deliveries set lease = null, leased_until = null
         where status = 'pending' and lease = any($1)",
        leases,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How many notices wait, or are on their way.
pub async fn pending(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "pending!" from webhook_deliveries where status = 'pending'"#
    )
    .fetch_one(pool)
    .await
}
