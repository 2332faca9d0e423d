//! What came of telling.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::values::Timestamp;

/// What happens to a notice next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Delivered,
    /// It is tried again.
    Retry {
        /// Not before this moment.
        at: Timestamp,
    },
    /// It was given up.
    Failed,
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of which notice.
    pub id: String,
    /// Under which lease.
    pub lease: Uuid,
    /// What happens next.
    pub verdict: Verdict,
    /// When it was tried.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub latency_ms: i32,
    /// The answer's status, if there was one.
    pub response_status: Option<i32>,
    /// The first kilobyte of the answer.
    pub response_body: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Verdict {
    fn status(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry { .. } => "pending",
            Self::Failed => "failed",
        }
    }

    fn next(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Retry { at } => Some(at.as_datetime()),
            Self::Delivered | Self::Failed => None,
        }
    }
}

/// Records what came of attempts; of those whose lease another has, nothing.
pub async fn record(pool: &PgPool, outcomes: &[Outcome]) -> sqlx::Result<()> {
    type Text = Option<String>;
    let ids: Vec<String> = outcomes.iter().map(|one| one.id.clone()).collect();
    let leases: Vec<Uuid> = outcomes.iter().map(|one| one.lease).collect();
    let statuses: Vec<String> = outcomes.iter().map(|o| o.verdict.status().to_owned()).collect();
    let next: Vec<Option<DateTime<Utc>>> = outcomes.iter().map(|o| o.verdict.next()).collect();
    let tried: Vec<DateTime<Utc>> = outcomes.iter().map(|one| one.at.as_datetime()).collect();
    let took: Vec<i32> = outcomes.iter().map(|one| one.latency_ms).collect();
    let answered: Vec<Option<i32>> = outcomes.iter().map(|one| one.response_status).collect();
    let bodies: Vec<Text> = outcomes.iter().map(|one| one.response_body.clone()).collect();
    let errors: Vec<Text> = outcomes.iter().map(|one| one.error.clone()).collect();
    sqlx::query!(
        "update webhook_deliveries d
         set status = o.status, next_attempt_at = o.next_attempt_at, attempts = d.attempts + 1,
             attempted_at = o.attempted_at, latency_ms = o.latency_ms,
             response_status = o.response_status, response_body = o.response_body,
             error = o.error, lease = null, leased_until = null
         from unnest($1::varchar[], $2::uuid[], $3::varchar[], $4::timestamptz[],
                     $5::timestamptz[], $6::int[], $7::int[], $8::varchar[], $9::varchar[])
           as o(id, lease, status, next_attempt_at, attempted_at, latency_ms, response_status,
                response_body, error)
         where d.id = o.id and d.lease = o.lease",
        &ids,
        &leases,
        &statuses,
        &next as &[Option<DateTime<Utc>>],
        &tried,
        &took,
        &answered as &[Option<i32>],
        &bodies as &[Text],
        &errors as &[Text],
    )
    .execute(pool)
    .await?;
    Ok(())
}
