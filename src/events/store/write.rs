//! What a turn writes: in one statement, since each one is a way to Postgres and back for all who wait.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::append::SealedContent;
use super::guards::Assumed;
use super::inline::Inline;
use super::judge::{Changes, Known};
use super::prepared::Prepared;
use super::read::CHANNEL;
use super::receipts::RECEIPT_LIFE;
use super::vault::Keys;
use crate::values::{OpenError, Timestamp};

/// The log's own part, with a mark where the tables that go along have theirs.
const WRITE: &str = include_str!("write.sql");

const GOING_ALONG: &str = "-- going along";

/// How many values the log's own part has.
const OWN_VALUES: usize = 32;

/// The statement by which this process writes, and the tables that are in step with it.
pub(super) struct Statement {
    sql: Arc<str>,
    pub(super) tables: Vec<Arc<dyn Inline>>,
}

/// What a turn writes.
pub(super) struct Writing<'a> {
    pub(super) requests: &'a [Prepared],
    pub(super) known: &'a Known,
    pub(super) assumed: &'a Assumed<'a>,
    pub(super) changes: &'a Changes,
    pub(super) keys: &'a Keys,
    pub(super) now: Timestamp,
}

/// The statement with its values.
pub(super) struct Bound<'a> {
    sql: Arc<str>,
    values: PgArguments,
    /// The tables that do not go along and whom these facts concern: they must be asked afterwards.
    pub(super) after: Vec<&'a dyn Inline>,
}

impl Statement {
    pub(super) fn new(tables: Vec<Arc<dyn Inline>>) -> Self {
        let (mut parts, mut first) = (String::new(), OWN_VALUES + 1);
        for table in tables.iter().filter_map(|table| table.along()) {
            parts += &table.sql(first);
            first += table.values();
        }
        Self { sql: WRITE.replace(GOING_ALONG, &parts).into(), tables }
    }

    pub(super) fn bind(&self, writing: &Writing<'_>) -> sqlx::Result<Bound<'_>> {
        let mut values = PgArguments::default();
        own(writing, &mut values).map_err(sqlx::Error::Encode)?;
        let facts = &writing.changes.facts;
        let mut after = Vec::new();
        for table in self.tables.iter().map(AsRef::as_ref) {
            if let Some(along) = table.along() {
                along.bind(facts, &mut values).map_err(sqlx::Error::Encode)?;
            } else if facts.iter().any(|recorded| table.concerns(&recorded.fact)) {
                after.push(table);
            }
        }
        Ok(Bound { sql: Arc::clone(&self.sql), values, after })
    }
}

impl Bound<'_> {
    /// Writes facts, contents, quotas, receipts, the head of the log and the tables that go along; says which
    /// row of the head it made. None if nothing was written, since what was known does not hold any more, or
    /// somebody has the turn.
    pub(super) async fn run(self, db: &mut PgConnection) -> sqlx::Result<Option<i64>> {
        let written = sqlx::query_scalar_with(AssertSqlSafe(self.sql), self.values);
        written.fetch_optional(db).await
    }
}

/// The values of the log's own part.
fn own(writing: &Writing<'_>, values: &mut PgArguments) -> Result<(), BoxDynError> {
    let Writing { requests, known, assumed, changes, keys, now } = writing;
    values.add(known.head_row)?;
    values.add(known.head)?;
    values.add(CHANNEL)?;
    values.add(known.head.to_string())?;
    Columns::of((requests, keys), changes)?.bind(values)?;
    values.add(now.as_datetime())?;
    let asking = changes.contents.iter().filter_map(|at| requests.get(*at));
    let contents = each_once(asking.flat_map(|request| &request.append.contents));
    values.add(each(&contents, |(content, _)| content.tenant.to_string()))?;
    values.add(each(&contents, |(content, _)| content.digest.as_str()))?;
    values.add(each(&contents, |(content, _)| &*content.sealed))?;
    values.add(each(&contents, |(_, uses)| *uses))?;
    let quotas: Vec<_> = changes.quotas.iter().collect();
    values.add(each(&quotas, |((tenant, _), _)| tenant.to_string()))?;
    values.add(each(&quotas, |((_, day), _)| day.as_date()))?;
    values.add(each(&quotas, |(_, used)| i64::try_from(**used).unwrap_or(i64::MAX)))?;
    let receipts = &changes.receipts;
    values.add(each(receipts, |(receipt, _)| receipt.scope.as_str()))?;
    values.add(each(receipts, |(receipt, _)| receipt.key.as_str()))?;
    values.add(each(receipts, |(receipt, _)| receipt.request.as_str()))?;
    values.add(each(receipts, |(receipt, _)| receipt.answer.as_slice()))?;
    values.add(each(receipts, |(_, at)| at.as_datetime()))?;
    values.add(now.minus(RECEIPT_LIFE).as_datetime())?;
    values.add(each(&assumed.streams, |(stream, _)| *stream))?;
    values.add(each(&assumed.streams, |(_, version)| *version))?;
    values.add(each(&assumed.receipts, |(scope, _)| *scope))?;
    values.add(each(&assumed.receipts, |(_, key)| *key))
}

fn each<'a, T, C>(rows: &'a [T], column: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}

/// Contents that several mails of a turn share are written once, with how many they are.
fn each_once<'a>(
    contents: impl Iterator<Item = &'a SealedContent>,
) -> Vec<(&'a SealedContent, i32)> {
    let mut once: HashMap<_, (&SealedContent, i32)> = HashMap::new();
    for content in contents {
        once.entry((content.tenant, &content.digest)).or_insert((content, 0)).1 += 1;
    }
    once.into_values().collect()
}

/// Names that changed hands; rare enough for statements of their own.
pub(super) async fn claims(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    if changes.claims.is_empty() {
        return Ok(());
    }
    let mut kinds: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut owners: Vec<Option<String>> = Vec::new();
    for ((kind, name), owner) in &changes.claims {
        kinds.push((*kind).to_owned());
        names.push(name.clone());
        owners.push(owner.clone());
    }
    sqlx::query!(
        "delete from claims using unnest($1::varchar[], $2::varchar[]) as c(kind, name)
         where claims.kind = c.kind and claims.name = c.name",
        &kinds,
        &names,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into claims (kind, name, owner)
         select c.kind, c.name, c.owner
         from unnest($1::varchar[], $2::varchar[], $3::varchar[]) as c(kind, name, owner)
         where c.owner is not null",
        &kinds,
        &names,
        &owners as &[Option<String>],
    )
    .execute(db)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    positions: Vec<i64>,
    tenants: Vec<Option<String>>,
    streams: Vec<String>,
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    names: Vec<&'a str>,
    schemas: Vec<i16>,
    payloads: Vec<Cow<'a, str>>,
    metadata: Vec<&'a str>,
    times: Vec<DateTime<Utc>>,
}

impl<'a> Columns<'a> {
    fn of((requests, keys): (&'a [Prepared], &Keys), changes: &Changes) -> Result<Self, OpenError> {
        let admitted = changes.admitted.iter().filter_map(|at| requests.get(*at));
        let written =
            admitted.flat_map(|r| r.facts.iter().map(|written| (written, r.metadata.as_str())));
        let mut columns = Self::default();
        for (recorded, (written, metadata)) in changes.facts.iter().zip(written) {
            let stream = recorded.fact.stream();
            let payload = written.payload(stream.owner(), keys);
            columns.positions.push(recorded.position);
            columns.tenants.push(stream.owner().map(|tenant| tenant.to_string()));
            columns.streams.push(stream.id().to_owned());
            columns.versions.push(recorded.version);
            columns.ids.push(recorded.id.as_uuid());
            columns.names.push(&written.encoded.name);
            columns.schemas.push(written.encoded.schema);
            columns.payloads.push(payload?);
            columns.metadata.push(metadata);
            columns.times.push(recorded.at.as_datetime());
        }
        Ok(columns)
    }

    fn bind(self, values: &mut PgArguments) -> Result<(), BoxDynError> {
        values.add(self.positions)?;
        values.add(self.tenants)?;
        values.add(self.streams)?;
        values.add(self.versions)?;
        values.add(self.ids)?;
        values.add(self.names)?;
        values.add(self.schemas)?;
        values.add(self.payloads)?;
        values.add(self.metadata)?;
        values.add(self.times)
    }
}
