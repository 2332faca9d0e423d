//! Sums up what each tenant used, by the UTC day on which it was recorded.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::counts::Counts;
use crate::events::Recorded;
use crate::projections::Projector;
use crate::projections::table::{Origin, Table};
use crate::values::{Day, TenantId};

/// Keeps `usage`.
#[derive(Debug)]
pub struct Usage;

const TABLES: &[Table] = &[Table {
    name: "usage",
    tenant: Some("tenant_id"),
    work_state: &[],
    origin: Origin::Day { tenant: "tenant_id", day: "day" },
}];

#[async_trait]
impl Projector for Usage {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn version(&self) -> i32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut sums: HashMap<(TenantId, Day), Counts> = HashMap::new();
        for recorded in facts {
            // Also requests count on the day on which they became a fact: so what was closed stays.
            let Some(tenant) = recorded.fact.stream().owner() else { continue };
            sums.entry((tenant, recorded.at.day())).or_default().add(&recorded.fact);
        }
        sums.retain(|_, counts| *counts != Counts::default());
        if sums.is_empty() { Ok(()) } else { add(db, &sums).await }
    }
}

async fn add(db: &mut PgConnection, sums: &HashMap<(TenantId, Day), Counts>) -> sqlx::Result<()> {
    let tenants: Vec<String> = sums.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let days: Vec<_> = sums.keys().map(|(_, day)| day.as_date()).collect();
    let column = |of: fn(&Counts) -> i64| -> Vec<i64> { sums.values().map(of).collect() };
    sqlx::query!(
        "insert into usage (tenant_id, day, emails_sent, emails_delivered, emails_bounced,
                            emails_failed, emails_cancelled, api_requests, emails_suppressed,
                            emails_complained)
         select u.tenant_id, u.day, u.sent, u.delivered, u.bounced, u.failed, u.cancelled,
                u.requests, u.suppressed, u.complained
         from unnest($1::varchar[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[],
                     $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
           as u(tenant_id, day, sent, delivered, bounced, failed, cancelled, requests, suppressed,
                complained)
         on conflict (tenant_id, day) do update
         set emails_sent = usage.emails_sent + excluded.emails_sent,
             emails_delivered = usage.emails_delivered + excluded.emails_delivered,
             emails_bounced = usage.emails_bounced + excluded.emails_bounced,
             emails_failed = usage.emails_failed + excluded.emails_failed,
             emails_cancelled = usage.emails_cancelled + excluded.emails_cancelled,
             api_requests = usage.api_requests + excluded.api_requests,
             emails_suppressed = usage.emails_suppressed + excluded.emails_suppressed,
             emails_complained = usage.emails_complained + excluded.emails_complained",
        &tenants,
        &days,
        &column(|counts| counts.emails_sent),
        &column(|counts| counts.emails_delivered),
        &column(|counts| counts.emails_bounced),
        &column(|counts| counts.emails_failed),
        &column(|counts| counts.emails_cancelled),
        &column(|counts| counts.api_requests),
        &column(|counts| counts.emails_suppressed),
        &column(|counts| counts.emails_complained),
    )
    .execute(db)
    .await?;
    Ok(())
}
