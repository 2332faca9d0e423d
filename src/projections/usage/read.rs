//! The sums, for one tenant or for all, with the position up to which they know the log.

use sqlx::PgPool;

use super::counts::Counts;
use crate::values::{Day, Month, TenantId};

/// What the read model knew in the moment of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known<T> {
    /// All facts up to this position are in here.
    pub position: i64,
    /// What they come to.
    pub of: Vec<T>,
}

/// One tenant's counts in a month, day by day; days without any are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUsage {
    /// Whose.
    pub tenant_id: String,
    /// How much on which day.
    pub days: Vec<(Day, Counts)>,
}

/// A tenant's counts of a month, day by day; days without any are left out.
pub async fn days(
    pool: &PgPool,
    tenant: TenantId,
    month: Month,
) -> sqlx::Result<Known<(Day, Counts)>> {
    // In one statement, so that the position is the one at which the counts were such.
    let rows = sqlx::query!(
        r#"select c.position as "position!", u.day as "day?", u.emails_sent as "sent?",
                  u.emails_delivered as "delivered?", u.emails_bounced as "bounced?",
                  u.emails_failed as "failed?", u.emails_cancelled as "cancelled?",
                  u.api_requests as "requests?", u.emails_suppressed as "suppressed?",
                  u.emails_complained as "complained?"
           from (select coalesce(max(position), 0) as position from projection_cursors
                 where projection = 'usage') c
           left join usage u on u.tenant_id = $1 and u.day >= $2 and u.day < $3
           order by u.day"#,
        tenant.to_string(),
        month.first_day().as_date(),
        month.next().first_day().as_date(),
    )
    .fetch_all(pool)
    .await?;
    let mut known = Known { position: 0, of: Vec::new() };
    for row in rows {
        known.position = row.position;
        let counts = Counts {
            emails_sent: row.sent.unwrap_or(0),
            emails_delivered: row.delivered.unwrap_or(0),
            emails_bounced: row.bounced.unwrap_or(0),
            emails_failed: row.failed.unwrap_or(0),
            emails_cancelled: row.cancelled.unwrap_or(0),
            api_requests: row.requests.unwrap_or(0),
            emails_suppressed: row.suppressed.unwrap_or(0),
            emails_complained: row.complained.unwrap_or(0),
        };
        known.of.extend(row.day.map(|day| (day.into(), counts)));
    }
    Ok(known)
}

/// So many tenants' counts of a month, by their ids from the one after `after`; also of those that used
/// nothing or are deleted.
pub async fn tenants(
    pool: &PgPool,
    month: Month,
    after: &str,
    limit: i64,
) -> sqlx::Result<Known<TenantUsage>> {
    let rows = sqlx::query!(
        r#"select c.position as "position!", t.id as "id?", u.day as "day?", u.emails_sent as "sent?",
                  u.emails_delivered as "delivered?", u.emails_bounced as "bounced?",
                  u.emails_failed as "failed?", u.emails_cancelled as "cancelled?",
                  u.api_requests as "requests?", u.emails_suppressed as "suppressed?",
                  u.emails_complained as "complained?"
           from (select coalesce(max(position), 0) as position from projection_cursors
                 where projection = 'usage') c
           left join (select id from tenants where id > $1 order by id limit $2) t on true
           left join usage u on u.tenant_id = t.id and u.day >= $3 and u.day < $4
           order by t.id, u.day"#,
        after,
        limit,
        month.first_day().as_date(),
        month.next().first_day().as_date(),
    )
    .fetch_all(pool)
    .await?;
    let mut known = Known::<TenantUsage> { position: 0, of: Vec::new() };
    for row in rows {
        known.position = row.position;
        let Some(tenant_id) = row.id else { continue };
        if known.of.last().is_none_or(|last| last.tenant_id != tenant_id) {
            known.of.push(TenantUsage { tenant_id, days: Vec::new() });
        }
        let counts = Counts {
            emails_sent: row.sent.unwrap_or(0),
            emails_delivered: row.delivered.unwrap_or(0),
            emails_bounced: row.bounced.unwrap_or(0),
            emails_failed: row.failed.unwrap_or(0),
            emails_cancelled: row.cancelled.unwrap_or(0),
            api_requests: row.requests.unwrap_or(0),
            emails_suppressed: row.suppressed.unwrap_or(0),
            emails_complained: row.complained.unwrap_or(0),
        };
        if let (Some(usage), Some(day)) = (known.of.last_mut(), row.day) {
            usage.days.push((day.into(), counts));
        }
    }
    Ok(known)
}
