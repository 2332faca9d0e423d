//! Counts requests exactly, over all nodes: one statement for all that wait, a place for each.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::NaiveDate;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};

use super::durability::Durability;
use super::settling::Settling;
use crate::tasks::{Tasks, gather};
use crate::values::{Day, TenantId, Timestamp};

/// So many requests may wait to be counted.
const QUEUE: usize = 4_096;

/// Counts requests. Clones share one counter.
#[derive(Clone, Debug)]
pub struct RequestMeter {
    queue: mpsc::Sender<Asked>,
    pool: PgPool,
    settling: Settling,
    durability: Durability,
}

/// A request's place in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counts from one: the hundredth request of a limit of a hundred passes, the next does not.
    pub number: u64,
    /// When the window ends.
    pub window_ends: i64,
    /// With which batch it was counted.
    batch: u64,
}

/// A day's requests of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotal {
    /// Whose.
    pub tenant_id: String,
    /// On which day.
    pub day: Day,
    /// How many in all.
    pub requests: u64,
}

/// A day's requests, as Postgres gives them.
struct CountRow {
    tenant_id: String,
    day: NaiveDate,
    requests: i64,
}

impl From<CountRow> for DayTotal {
    fn from(row: CountRow) -> Self {
        let requests = u64::try_from(row.requests).unwrap_or(0);
        Self { tenant_id: row.tenant_id, day: row.day.into(), requests }
    }
}

/// Why a request was not counted.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// Too many wait.
    #[error("too many requests wait to be counted")]
    Full,
    /// The database did not take it.
    #[error("the request cannot be counted")]
    Database,
}

#[derive(Debug)]
struct Asked {
    tenant: TenantId,
    day: Day,
    window: Window,
    answer: oneshot::Sender<Option<Place>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Window {
    start: i64,
    seconds: i64,
}

impl RequestMeter {
    /// Starts counting; `tasks` must be stopped after whatever asks.
    pub fn start(pool: PgPool, tasks: &Tasks) -> Self {
        let (queue, mut asked) = mpsc::channel(QUEUE);
        let stopping = tasks.stopping();
        let durability = Durability::start(pool.clone(), tasks);
        let mut counter = Counter { pool: pool.clone(), own: None, durability: durability.clone() };
        tasks.spawn("request meter", async move {
            let mut batch = Vec::new();
            loop {
                tokio::select! {
                    more = asked.recv_many(&mut batch, QUEUE) => if more == 0 { return },
                    () = stopping.cancelled() => return,
                }
                // A statement costs the same for one as for many, and Postgres has more to do than to count.
                gather(&asked, QUEUE).await;
                while let Ok(more) = asked.try_recv() {
                    batch.push(more);
                }
                counter.count(std::mem::take(&mut batch)).await;
            }
        });
        Self { queue, pool, settling: Settling::default(), durability }
    }

    /// Counts one request and says which place it has in its window.
    pub async fn place(
        &self,
        tenant: TenantId,
        window: Duration,
        now: Timestamp,
    ) -> Result<Place, MeterError> {
        let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX).max(1);
        let start = now.unix_seconds().div_euclid(seconds) * seconds;
        let (answer, told) = oneshot::channel();
        let asked = Asked { tenant, day: now.day(), window: Window { start, seconds }, answer };
        self.queue.try_send(asked).map_err(|_| MeterError::Full)?;
        told.await.ok().flatten().ok_or(MeterError::Database)
    }

    /// Waits, within bounds, until the count of a request is on disk; false if that is not certain. Until
    /// then nobody may be told of what came of it.
    pub async fn is_on_disk(&self, place: Place) -> bool {
        self.durability.is_on_disk(place.batch).await
    }

    /// Where readers wait for requests to become facts.
    pub fn settling(&self) -> &Settling {
        &self.settling
    }

    /// A tenant's days with requests that are no facts yet.
    pub async fn unrecorded_of(&self, tenant: TenantId) -> sqlx::Result<Vec<DayTotal>> {
        let rows = sqlx::query_as!(
            CountRow,
            "select tenant_id, day, requests from request_counts
             where tenant_id = $1 and requests > recorded order by day",
            tenant.to_string(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(DayTotal::from).collect())
    }

    /// The days with requests that are no facts yet, some hundreds after the given one.
    pub async fn unrecorded(&self, after: Option<&DayTotal>) -> sqlx::Result<Vec<DayTotal>> {
        let rows = sqlx::query_as!(
            CountRow,
            "select tenant_id, day, requests from request_counts
             where requests > recorded and ($1::date is null or (day, tenant_id) > ($1, $2))
             order by day, tenant_id limit 500",
            after.map(|total| total.day.as_date()),
            after.map(|total| total.tenant_id.as_str()),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(DayTotal::from).collect())
    }

    /// Notes that these days' requests are facts now. The rows are locked in the order in which they
    /// are counted, so that no two wait for each other.
    pub async fn recorded(&self, totals: &[DayTotal]) -> sqlx::Result<()> {
        let tenants: Vec<String> = totals.iter().map(|total| total.tenant_id.clone()).collect();
        let days: Vec<_> = totals.iter().map(|total| total.day.as_date()).collect();
        let requests: Vec<i64> =
            totals.iter().map(|t| i64::try_from(t.requests).unwrap_or(i64::MAX)).collect();
        sqlx::query!(
            "with known as materialized (
                 select c.tenant_id, c.day, t.requests
                 from unnest($1::varchar[], $2::date[], $3::bigint[]) as t(tenant_id, day, requests)
                 join request_counts c on c.tenant_id = t.tenant_id and c.day = t.day
                 order by c.tenant_id, c.day for update of c
             )
             update request_counts c set recorded = greatest(c.recorded, k.requests)
             from known k where c.tenant_id = k.tenant_id and c.day = k.day",
            &tenants,
            &days,
            &requests,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets windows that ended before a moment, and days that are facts.
    pub async fn forget_before(&self, moment: Timestamp) -> sqlx::Result<()> {
        sqlx::query!(
            "delete from request_windows where window_start + window_seconds < $1",
            moment.unix_seconds(),
        )
        .execute(&self.pool)
        .await?;
        sqlx::query!(
            "delete from request_counts where requests = recorded and day < $1",
            moment.minus(Duration::from_secs(7 * 86_400)).day().as_date(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Counts on a connection of its own, whose commits do not wait for the disk: whether a request may pass
/// is known sooner, and its answer waits for the disk beside its work.
struct Counter {
    pool: PgPool,
    own: Option<PgConnection>,
    durability: Durability,
}

impl Counter {
    async fn count(&mut self, batch: Vec<Asked>) {
        let mut windows: BTreeMap<(TenantId, Window), i64> = BTreeMap::new();
        let mut days: BTreeMap<(TenantId, Day), i64> = BTreeMap::new();
        for asked in &batch {
            *windows.entry((asked.tenant, asked.window)).or_default() += 1;
            *days.entry((asked.tenant, asked.day)).or_default() += 1;
        }
        let mut used = match self.add(&windows, &days).await {
            Ok(used) => used,
            Err(error) => {
                tracing::warn!(%error, "requests cannot be counted");
                return;
            }
        };
        let number = self.durability.made();
        for asked in batch {
            let key = (asked.tenant, asked.window);
            let place = used.get_mut(&key).map(|next| {
                *next += 1;
                let window_ends = asked.window.start + asked.window.seconds;
                Place { number: u64::try_from(*next).unwrap_or(0), window_ends, batch: number }
            });
            // Whoever asked may have gone; it was counted all the same.
            let _ = asked.answer.send(place);
        }
    }

    /// A connection that has failed is not used again.
    async fn add(
        &mut self,
        windows: &BTreeMap<(TenantId, Window), i64>,
        days: &BTreeMap<(TenantId, Day), i64>,
    ) -> sqlx::Result<HashMap<(TenantId, Window), i64>> {
        let kept = self.own.take();
        if kept.is_none() {
            self.durability.doubt();
        }
        self.durability.watched().await?;
        let mut own = match kept {
            Some(own) => own,
            None => hasty(&self.pool).await?,
        };
        let used = add(&mut own, windows, days).await?;
        self.own = Some(own);
        Ok(used)
    }
}

async fn hasty(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let mut own = pool.acquire().await?.detach();
    sqlx::query!("set synchronous_commit = off").execute(&mut own).await?;
    Ok(own)
}

/// Adds all and answers with what each window had before. The keys are in one order on every node, so
/// that no two wait for each other.
async fn add(
    db: &mut PgConnection,
    windows: &BTreeMap<(TenantId, Window), i64>,
    days: &BTreeMap<(TenantId, Day), i64>,
) -> sqlx::Result<HashMap<(TenantId, Window), i64>> {
    let tenants: Vec<String> = windows.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let starts: Vec<i64> = windows.keys().map(|(_, window)| window.start).collect();
    let seconds: Vec<i64> = windows.keys().map(|(_, window)| window.seconds).collect();
    let counts: Vec<i64> = windows.values().copied().collect();
    let day_tenants: Vec<String> = days.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let dates: Vec<_> = days.keys().map(|(_, day)| day.as_date()).collect();
    let day_counts: Vec<i64> = days.values().copied().collect();
    let rows = sqlx::query!(
        "with days as (
             insert into request_counts (tenant_id, day, requests)
             select d.tenant_id, d.day, d.requests
             from unnest($5::varchar[], $6::date[], $7::bigint[]) as d(tenant_id, day, requests)
             order by d.tenant_id, d.day
             on conflict (tenant_id, day) do update
             set requests = request_counts.requests + excluded.requests
         )
         insert into request_windows (tenant_id, window_start, window_seconds, used)
         select w.tenant_id, w.start, w.seconds, w.used
         from unnest($1::varchar[], $2::bigint[], $3::bigint[], $4::bigint[])
           as w(tenant_id, start, seconds, used)
         order by w.tenant_id, w.start, w.seconds
         on conflict (tenant_id, window_start, window_seconds) do update
         set used = request_windows.used + excluded.used
         returning tenant_id, window_start, window_seconds, used",
        &tenants,
        &starts,
        &seconds,
        &counts,
        &day_tenants,
        &dates,
        &day_counts,
    )
    .fetch_all(db)
    .await?;
    let used = rows.into_iter().filter_map(|row| {
        let tenant = row.tenant_id.parse().ok()?;
        let window = Window { start: row.window_start, seconds: row.window_seconds };
        let ours = windows.get(&(tenant, window))?;
        Some(((tenant, window), row.used - ours))
    });
    Ok(used.collect())
}
