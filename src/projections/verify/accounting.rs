//! Whether what is billed adds up, counted by plain SQL over the facts and not by the projectors' code.
//!
//! For each tenant, with everything up to the end of each UTC day, in recipients:
//! `sent = delivered + bounced + failed + cancelled + suppressed + in flight`. What was sent on one day may come to its end on
//! another, so the days are added up; what is in flight is counted from each email's own facts.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, PgPool};

use super::origin;
use crate::projections::table::Origin;
use crate::values::{Finding, TenantId, Verdict};

/// One view of the facts and of the tables; sums of millions take longer than other questions may. The locks come
/// first: tables that are put in place after the view would be empty in it.
const VIEW: &str = "begin isolation level repeatable read; \
                    set local statement_timeout = 0; \
                    lock table usage, send_queue, email_recipients in access share mode";

/// The counts of a day, in their order.
const COUNTS: [&str; 8] = [
    "sent",
    "delivered",
    "bounced",
    "failed",
    "cancelled",
    "API requests",
    "suppressed",
    "complained",
];

/// `usage` is a count of the facts.
pub async fn usage(pool: &PgPool, tenant: Option<TenantId>) -> sqlx::Result<Verdict> {
    let mut db = pool.begin_with(VIEW).await?;
    let tenant = tenant.map(|tenant| tenant.to_string());
    let until = position_of(&mut db, "usage").await?;
    let mut verdict = Verdict::on("accounting.usage");
    verdict.looked_at = sqlx::query_scalar!(
        r#"select count(*) as "days!" from usage where $1::varchar is null or tenant_id = $1"#,
        tenant,
    )
    .fetch_one(&mut *db)
    .await?;
    let rows = sqlx::query_file!("src/projections/verify/usage.sql", tenant, until)
        .fetch_all(&mut *db)
        .await?;
    for row in rows {
        let mut told = Vec::new();
        for (name, (told_of, counted)) in COUNTS.iter().zip(row.told.iter().zip(&row.counted)) {
            let (told_of, counted) = (told_of.unwrap_or(0), counted.unwrap_or(0));
            if told_of != counted {
                told.push(format!("{name}: {told_of} in usage, {counted} by the facts"));
            }
        }
        let told = told.join("; ");
        let message = format!("usage of {} on {}: {told}", row.tenant, row.day);
        let key = serde_json::json!({"tenant": row.tenant, "day": row.day});
        let of = Origin::Day { tenant: "tenant", day: "day" };
        let positions = match key.as_object() {
            Some(key) if verdict.room() > 0 => origin::positions(&mut db, of, key, until).await?,
            Some(_) | None => Vec::new(),
        };
        verdict.find(Finding::new(message, positions));
    }
    db.rollback().await?;
    Ok(verdict)
}

/// Whatever was sent has come to one end or is in flight, on each day; and what is in flight now is what the
/// queue holds, and what the recipients' own rows say.
pub async fn ended(pool: &PgPool, tenant: Option<TenantId>) -> sqlx::Result<Verdict> {
    let mut db = pool.begin_with(VIEW).await?;
    let tenant = tenant.map(|tenant| tenant.to_string());
    let mut verdict = Verdict::on("accounting.recipients");
    let until = position_of(&mut db, "emails").await?;
    let known = sqlx::query!(
        r#"select tenant_id, count(*) as "recipients!" from email_recipients
           where status = 'queued' and ($1::varchar is null or tenant_id = $1) group by tenant_id"#,
        tenant,
    )
    .fetch_all(&mut *db)
    .await?;
    let known = known.into_iter().map(|row| (row.tenant_id, row.recipients)).collect();
    let by_facts = days(&mut db, (tenant.as_deref(), until), &mut verdict).await?;
    tell("by their own rows", &by_facts, &known, &mut verdict);
    let head = sqlx::query_scalar!("select position from log_head").fetch_one(&mut *db).await?;
    let queued = sqlx::query!(
        r#"select tenant_id, sum(pending)::bigint as "recipients!" from send_queue
           where $1::varchar is null or tenant_id = $1 group by tenant_id"#,
        tenant,
    )
    .fetch_all(&mut *db)
    .await?;
    let queued = queued.into_iter().map(|row| (row.tenant_id, row.recipients)).collect();
    let mut of_now = Verdict::on("");
    let by_facts = days(&mut db, (tenant.as_deref(), head), &mut of_now).await?;
    tell("in the queue", &by_facts, &queued, &mut verdict);
    db.rollback().await?;
    Ok(verdict)
}

/// Checks each day, and answers with what each tenant has in flight at the end.
async fn days(
    db: &mut PgConnection,
    (tenant, until): (Option<&str>, i64),
    verdict: &mut Verdict,
) -> sqlx::Result<BTreeMap<String, i64>> {
    let mut in_flight = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut rows =
        sqlx::query_file!("src/projections/verify/ended.sql", tenant, until).fetch(&mut *db);
    while let Some(row) = rows.try_next().await? {
        verdict.looked_at += 1;
        if row.is_unequal && wrong.len() >= verdict.room() {
            verdict.further += 1;
        } else if row.is_unequal {
            wrong.push((
                row.wrong.clone().unwrap_or_default(),
                format!(
                    "{} until the end of {}: {} sent, but {} ended and {} in flight; look at {}",
                    row.tenant,
                    row.day,
                    row.sent,
                    row.ended,
                    row.in_flight,
                    row.wrong.as_deref().unwrap_or("the days before"),
                ),
            ));
        }
        if row.is_last {
            in_flight.insert(row.tenant, row.in_flight);
        }
    }
    drop(rows);
    for (email, message) in wrong {
        let key = serde_json::Map::from_iter([("id".to_owned(), email.into())]);
        let positions = origin::positions(db, Origin::Stream("id"), &key, until).await?;
        verdict.find(Finding::new(message, positions));
    }
    Ok(in_flight)
}

fn tell(
    whence: &str,
    by_facts: &BTreeMap<String, i64>,
    other: &BTreeMap<String, i64>,
    verdict: &mut Verdict,
) {
    for tenant in by_facts.keys().chain(other.keys().filter(|key| !by_facts.contains_key(*key))) {
        let of = |counts: &BTreeMap<String, i64>| counts.get(tenant).copied().unwrap_or(0);
        let (facts, other) = (of(by_facts), of(other));
        if facts != other {
            let message =
                format!("{tenant}: {facts} recipients in flight by the facts, {other} {whence}");
            verdict.find(Finding::new(message, Vec::new()));
        }
    }
}

async fn position_of(db: &mut PgConnection, projection: &str) -> sqlx::Result<i64> {
    let position = sqlx::query_scalar!(
        "select position from projection_cursors where projection = $1",
        projection,
    );
    Ok(position.fetch_optional(db).await?.unwrap_or(0))
}
