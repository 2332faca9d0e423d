//! What became of a tenant's recipients lately, counted from the log when it is asked: it has no table.

use std::time::Duration;

use sqlx::PgPool;

use crate::values::{Conduct, TenantId, Timestamp};

/// Moments of facts can stand out of order by less than this.
const DISORDER: Duration = Duration::from_secs(60);

/// The tenants that are guarded and send.
pub async fn guarded(pool: &PgPool) -> sqlx::Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        "select id from tenants
         where status = 'active' and jsonb_exists(settings, 'reputation') order by id",
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Of those, the ones of which something was told after a position that can change a judgement.
pub async fn guarded_after(pool: &PgPool, position: i64) -> sqlx::Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        "select id from tenants t
         where status = 'active' and jsonb_exists(settings, 'reputation')
           and exists (select 1 from events e
                       where e.tenant_id = t.id and e.position > $1
                         and e.type in ('email.recipient_delivered', 'email.recipient_bounced',
                                        'email.bounce_received', 'email.complaint_received',
                                        'tenant.created', 'tenant.settings_changed'))
         order by id",
        position,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(rows.iter().filter_map(|id| id.parse().ok()).collect())
}

/// The last position in the log.
pub async fn head(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select position from log_head").fetch_one(pool).await
}

/// What became of a tenant's recipients after a moment. What is told late of a mail that had arrived before does
/// not count: it is not among the recipients either, and was judged in its time or forgiven.
pub async fn conduct(pool: &PgPool, tenant: TenantId, since: Timestamp) -> sqlx::Result<Conduct> {
    let first = first_since(pool, since.minus(DISORDER)).await?;
    let counts = sqlx::query!(
        r#"select count(*) filter (where e.type in ('email.recipient_delivered',
                                                    'email.recipient_bounced')) as "recipients!",
                  count(*) filter (where e.type in ('email.recipient_bounced',
                                                    'email.bounce_received')) as "bounced!",
                  count(*) filter (where e.type = 'email.complaint_received') as "complained!"
           from events e
           where e.tenant_id = $1 and e.position >= $2 and e.recorded_at > $3
             and e.type in ('email.recipient_delivered', 'email.recipient_bounced',
                            'email.bounce_received', 'email.complaint_received')
             and (e.type in ('email.recipient_delivered', 'email.recipient_bounced')
                  or exists (select 1 from events d
                             where d.stream_id = e.stream_id and d.recorded_at > $3
                               and d.type = 'email.recipient_delivered'))"#,
        tenant.to_string(),
        first,
        since.as_datetime(),
    )
    .fetch_one(pool)
    .await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Conduct {
        recipients: count(counts.recipients),
        bounced: count(counts.bounced),
        complained: count(counts.complained),
    })
}

/// The first position at or after a moment, found by halving: positions have no gaps, and no index is by time.
async fn first_since(pool: &PgPool, since: Timestamp) -> sqlx::Result<i64> {
    let (mut low, mut high) = (1, head(pool).await? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let at = sqlx::query_scalar!("select recorded_at from events where position = $1", middle);
        let at = at.fetch_optional(pool).await?;
        if at.is_none_or(|at| at >= since.as_datetime()) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
