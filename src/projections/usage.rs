//! What each tenant used, by UTC day; months are sums.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};

use super::Projector;
use crate::events::{EmailEvent, Fact, Recorded, UsageEvent};
use crate::values::{Day, Month, TenantId};

/// Keeps `usage`.
#[derive(Debug)]
pub struct Usage;

/// Counts of one tenant; recipients are the unit of mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted for sending.
    pub emails_sent: i64,
    /// Taken by a relay.
    pub emails_delivered: i64,
    /// Refused by a relay for good.
    pub emails_bounced: i64,
    /// Given up.
    pub emails_failed: i64,
    /// Withdrawn.
    pub emails_cancelled: i64,
    /// Authenticated requests.
    pub api_requests: i64,
}

/// One tenant's counts in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUsage {
    /// Whose.
    pub tenant_id: String,
    /// How much.
    pub counts: Counts,
}

#[async_trait]
impl Projector for Usage {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn version(&self) -> i32 {
        1
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut sums: HashMap<(TenantId, Day), Counts> = HashMap::new();
        for recorded in facts {
            match &recorded.fact {
                Fact::Email(tenant, _, event) => {
                    sums.entry((*tenant, recorded.at.day())).or_default().add_email(event);
                }
                Fact::Usage(tenant, day, UsageEvent::ApiRequestsCounted { requests }) => {
                    let requests = i64::try_from(*requests).unwrap_or(i64::MAX);
                    sums.entry((*tenant, *day)).or_default().api_requests += requests;
                }
                Fact::Tenant(..) | Fact::ApiKey(..) => {}
            }
        }
        sums.retain(|_, counts| *counts != Counts::default());
        if sums.is_empty() { Ok(()) } else { add(db, &sums).await }
    }

    async fn reset(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!("truncate usage").execute(db).await?;
        Ok(())
    }
}

impl Counts {
    fn add_email(&mut self, event: &EmailEvent) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        match event {
            EmailEvent::Accepted(accepted) => self.emails_sent += count(accepted.recipients.len()),
            EmailEvent::RecipientDelivered { .. } => self.emails_delivered += 1,
            EmailEvent::RecipientBounced { .. } => self.emails_bounced += 1,
            EmailEvent::RecipientFailed { .. } => self.emails_failed += 1,
            EmailEvent::Cancelled { recipients, .. } => {
                self.emails_cancelled += count(recipients.len());
            }
            EmailEvent::DeliveryStarted { .. }
            | EmailEvent::DeliveryInterrupted { .. }
            | EmailEvent::RecipientDeferred { .. }
            | EmailEvent::DeliveryRescheduled { .. } => {}
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            emails_sent: sum.emails_sent + one.emails_sent,
            emails_delivered: sum.emails_delivered + one.emails_delivered,
            emails_bounced: sum.emails_bounced + one.emails_bounced,
            emails_failed: sum.emails_failed + one.emails_failed,
            emails_cancelled: sum.emails_cancelled + one.emails_cancelled,
            api_requests: sum.api_requests + one.api_requests,
        })
    }
}

async fn add(db: &mut PgConnection, sums: &HashMap<(TenantId, Day), Counts>) -> sqlx::Result<()> {
    let tenants: Vec<String> = sums.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let days: Vec<_> = sums.keys().map(|(_, day)| day.as_date()).collect();
    let column = |of: fn(&Counts) -> i64| -> Vec<i64> { sums.values().map(of).collect() };
    sqlx::query!(
        "insert into usage (tenant_id, day, emails_sent, emails_delivered, emails_bounced,
                            emails_failed, emails_cancelled, api_requests)
         select u.tenant_id, u.day, u.sent, u.delivered, u.bounced, u.failed, u.cancelled,
                u.requests
         from unnest($1::varchar[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[],
                     $6::bigint[], $7::bigint[], $8::bigint[])
           as u(tenant_id, day, sent, delivered, bounced, failed, cancelled, requests)
         on conflict (tenant_id, day) do update
         set emails_sent = usage.emails_sent + excluded.emails_sent,
             emails_delivered = usage.emails_delivered + excluded.emails_delivered,
             emails_bounced = usage.emails_bounced + excluded.emails_bounced,
             emails_failed = usage.emails_failed + excluded.emails_failed,
             emails_cancelled = usage.emails_cancelled + excluded.emails_cancelled,
             api_requests = usage.api_requests + excluded.api_requests",
        &tenants,
        &days,
        &column(|counts| counts.emails_sent),
        &column(|counts| counts.emails_delivered),
        &column(|counts| counts.emails_bounced),
        &column(|counts| counts.emails_failed),
        &column(|counts| counts.emails_cancelled),
        &column(|counts| counts.api_requests),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A tenant's counts of a month, day by day; days without any are left out.
pub async fn days(
    pool: &PgPool,
    tenant: TenantId,
    month: Month,
) -> sqlx::Result<Vec<(Day, Counts)>> {
    let rows = sqlx::query!(
        "select day, emails_sent, emails_delivered, emails_bounced, emails_failed,
                emails_cancelled, api_requests
         from usage where tenant_id = $1 and day >= $2 and day < $3 order by day",
        tenant.to_string(),
        month.first_day().as_date(),
        month.next().first_day().as_date(),
    )
    .fetch_all(pool)
    .await?;
    let counted = rows.into_iter().map(|row| {
        let counts = Counts {
            emails_sent: row.emails_sent,
            emails_delivered: row.emails_delivered,
            emails_bounced: row.emails_bounced,
            emails_failed: row.emails_failed,
            emails_cancelled: row.emails_cancelled,
            api_requests: row.api_requests,
        };
        (row.day.into(), counts)
    });
    Ok(counted.collect())
}

/// Every tenant's counts of a month, also of those that used nothing or are deleted.
pub async fn all_tenants(pool: &PgPool, month: Month) -> sqlx::Result<Vec<TenantUsage>> {
    let rows = sqlx::query!(
        r#"select t.id,
                  coalesce(sum(u.emails_sent), 0)::bigint as "sent!",
                  coalesce(sum(u.emails_delivered), 0)::bigint as "delivered!",
                  coalesce(sum(u.emails_bounced), 0)::bigint as "bounced!",
                  coalesce(sum(u.emails_failed), 0)::bigint as "failed!",
                  coalesce(sum(u.emails_cancelled), 0)::bigint as "cancelled!",
                  coalesce(sum(u.api_requests), 0)::bigint as "requests!"
           from tenants t
           left join usage u on u.tenant_id = t.id and u.day >= $1 and u.day < $2
           group by t.id order by t.id"#,
        month.first_day().as_date(),
        month.next().first_day().as_date(),
    )
    .fetch_all(pool)
    .await?;
    let counted = rows.into_iter().map(|row| TenantUsage {
        tenant_id: row.id,
        counts: Counts {
            emails_sent: row.sent,
            emails_delivered: row.delivered,
            emails_bounced: row.bounced,
            emails_failed: row.failed,
            emails_cancelled: row.cancelled,
            api_requests: row.requests,
        },
    });
    Ok(counted.collect())
}
