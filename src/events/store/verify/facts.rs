//! Fact by fact in the order of the log: no gap, each understood, its id as old as itself.

use futures_util::TryStreamExt as _;
use uuid::Uuid;

use crate::events::store::read::Reader;
use crate::events::store::rows::{Row, owners};
use crate::events::store::vault::Keys;
use crate::values::{Finding, TenantId, Timestamp, Verdict};

/// Positions in one statement: it ends before its view of the database would keep old rows from being removed
/// for long.
const STRETCH: i64 = 50_000;

/// Facts for which keys are looked up together.
const SOME: usize = 1_000;

/// The three checks of this file, each with what it has found.
struct Checks {
    positions: Verdict,
    payloads: Verdict,
    times: Verdict,
    /// The last position that was seen.
    last: i64,
    /// The positions of one tenant's facts have gaps.
    whole: bool,
}

pub(super) async fn check(
    log: &Reader,
    tenant: Option<TenantId>,
    tell: &(dyn Fn(i64, i64) + Send + Sync),
) -> sqlx::Result<Vec<Verdict>> {
    let ends = sqlx::query!(
        r#"select h.position as head, coalesce((select max(position) from events), 0) as "last!"
           from log_head h"#,
    )
    .fetch_one(&log.pool)
    .await?;
    let mut checks = Checks {
        positions: Verdict::on("log.positions"),
        payloads: Verdict::on("log.payloads"),
        times: Verdict::on("log.times"),
        last: 0,
        whole: tenant.is_none(),
    };
    let tenant = tenant.map(|tenant| tenant.to_string());
    let end = ends.head.max(ends.last);
    let mut after = 0;
    while after < end {
        let until = end.min(after + STRETCH);
        checks.stretch(log, tenant.as_deref(), (after, until)).await?;
        tell(until, end);
        after = until;
    }
    checks.at_the_end(ends.head, ends.last);
    Ok(vec![checks.positions, checks.payloads, checks.times])
}

impl Checks {
    async fn stretch(
        &mut self,
        log: &Reader,
        tenant: Option<&str>,
        (after, until): (i64, i64),
    ) -> sqlx::Result<()> {
        let rows = sqlx::query_as!(
            Row,
            r#"select position, tenant_id, stream_id, version, event_id, type as name, schema,
                      payload::text as "payload!", metadata::text as "metadata!", recorded_at
               from events
               where position > $1 and position <= $2
                 and ($3::varchar is null or tenant_id = $3)
               order by position"#,
            after,
            until,
            tenant,
        )
        .fetch(&log.pool);
        let mut some = rows.try_chunks(SOME);
        while let Some(rows) = some.try_next().await.map_err(|broken| broken.1)? {
            let keys = log.vault.keys(&log.pool, owners(&rows)).await?;
            for row in rows {
                self.fact(row, &keys);
            }
        }
        Ok(())
    }

    fn fact(&mut self, row: Row, keys: &Keys) {
        let (position, id, at) = (row.position, row.event_id, Timestamp::from(row.recorded_at));
        self.positions.looked_at += 1;
        self.payloads.looked_at += 1;
        self.times.looked_at += 1;
        if self.whole && position != self.last + 1 {
            self.gap(position);
        }
        self.last = position;
        if let Some(message) = fault_of(id, at) {
            let message = format!("the fact at position {position} {message}");
            self.times.find(Finding::new(message, vec![position]));
        }
        if let Err(error) = row.recorded(keys) {
            let message = format!("{:#}", anyhow::Error::from(error));
            self.payloads.find(Finding::new(message, vec![position]));
        }
    }

    fn gap(&mut self, position: i64) {
        let missing = match position - self.last {
            2 => format!("the fact at position {} is missing", self.last + 1),
            _ => format!("the facts from {} to {} are missing", self.last + 1, position - 1),
        };
        self.positions.find(Finding::new(missing, vec![self.last + 1]));
    }

    fn at_the_end(&mut self, head: i64, last: i64) {
        if head != last {
            let message = format!("the head of the log is at {head}, and its last fact at {last}");
            self.positions.find(Finding::new(message, vec![head.min(last) + 1]));
        }
    }
}

/// A fact's id is made in the moment of the fact, and tells it to the millisecond (RFC 9562, version 7): whoever
/// moves the one has to move the other.
fn fault_of(id: Uuid, at: Timestamp) -> Option<String> {
    let moment = (id.get_version_num() == 7).then(|| id.get_timestamp()).flatten();
    let Some(moment) = moment else { return Some(format!("has an id that is no UUIDv7: {id}")) };
    let (seconds, nanos) = moment.to_unix();
    let told = i128::from(seconds) * 1_000 + i128::from(nanos / 1_000_000);
    let kept = i128::from(at.as_datetime().timestamp_millis());
    let apart = kept - told;
    (apart != 0).then(|| format!("is recorded at {at}, {apart} ms away from the time in its id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::EventId;

    #[test]
    fn an_id_is_as_old_as_its_fact() {
        let at: Timestamp = "2024-01-15T10:30:00.123456Z".parse().unwrap();
        let id = EventId::at(at).as_uuid();
        assert_eq!(fault_of(id, at), None);
        let later = at.plus(std::time::Duration::from_millis(5));
        assert!(fault_of(id, later).unwrap().contains("5 ms away"));
        assert!(fault_of(Uuid::from_u128(7), at).unwrap().contains("no UUIDv7"));
    }
}
