//! What a turn writes: in one statement, since each one is a way to Postgres and back for all who wait.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::PgConnection;

use super::append::SealedContent;
use super::judge::Changes;
use super::prepared::{self, Prepared};
use super::read::CHANNEL;
use super::vault::Keys;
use crate::values::Timestamp;

/// Facts, contents, quotas, receipts, and the head of the log.
pub(super) async fn all(
    db: &mut PgConnection,
    (requests, keys): (&[Prepared], &Keys),
    changes: &Changes,
    (head, now): (i64, Timestamp),
) -> sqlx::Result<()> {
    if changes.facts.is_empty() && changes.receipts.is_empty() && changes.quotas.is_empty() {
        return Ok(());
    }
    let facts = Columns::of((requests, keys), changes)?;
    let asking = changes.contents.iter().filter_map(|at| requests.get(*at));
    let contents = each_once(asking.flat_map(|request| &request.append.contents));
    let quotas: Vec<_> = changes.quotas.iter().collect();
    let receipts = &changes.receipts;
    sqlx::query_file!(
        "src/events/store/write.sql",
        head,
        CHANNEL,
        head.to_string(),
        &facts.positions,
        &facts.tenants as &[Option<String>],
        &facts.streams,
        &facts.versions,
        &facts.ids,
        &facts.names as &[&str],
        &facts.schemas,
        &facts.payloads as &[Cow<'_, str>],
        &facts.metadata as &[&str],
        &facts.times,
        now.as_datetime(),
        &each(&contents, |(content, _)| content.tenant.to_string()),
        &each(&contents, |(content, _)| content.digest.clone()),
        &each(&contents, |(content, _)| &*content.sealed) as &[&[u8]],
        &each(&quotas, |((tenant, _), _)| tenant.to_string()),
        &each(&quotas, |((_, day), _)| day.as_date()),
        &each(&quotas, |(_, used)| i64::try_from(**used).unwrap_or(i64::MAX)),
        &each(receipts, |(receipt, _)| receipt.scope.clone()),
        &each(receipts, |(receipt, _)| receipt.key.clone()),
        &each(receipts, |(receipt, _)| receipt.request.clone()),
        &each(receipts, |(receipt, _)| receipt.answer.as_slice()) as &[&[u8]],
        &each(receipts, |(_, at)| at.as_datetime()),
        &each(&contents, |(_, uses)| *uses),
    )
    .execute(db)
    .await?;
    Ok(())
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
    ids: Vec<uuid::Uuid>,
    names: Vec<&'a str>,
    schemas: Vec<i16>,
    payloads: Vec<Cow<'a, str>>,
    metadata: Vec<&'a str>,
    times: Vec<chrono::DateTime<chrono::Utc>>,
}

impl<'a> Columns<'a> {
    fn of((requests, keys): (&'a [Prepared], &Keys), changes: &Changes) -> sqlx::Result<Self> {
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
            columns.payloads.push(payload.map_err(prepared::unwritable)?);
            columns.metadata.push(metadata);
            columns.times.push(recorded.at.as_datetime());
        }
        Ok(columns)
    }
}
