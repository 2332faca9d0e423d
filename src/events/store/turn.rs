//! One turn at the log: one transaction in which each request is admitted or refused on its own.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};

use super::append::{Append, AppendError};
use super::judge::{Changes, Known};
use super::read::CHANNEL;
use super::{Inline, guards};
use crate::events::Recorded;
use crate::events::codec::{self, Encoded};
use crate::values::Timestamp;

/// What became of each request, in their order.
pub(super) type Verdicts = Vec<Result<Vec<Recorded>, AppendError>>;

/// Writes what may be written and says how far the log has grown.
pub(super) async fn take(
    pool: &PgPool,
    inline: &[Arc<dyn Inline>],
    requests: &[Append],
    now: Timestamp,
) -> sqlx::Result<(Verdicts, i64)> {
    let mut db = pool.begin().await?;
    let mut known = guards::look_up(&mut db, requests, now).await?;
    let mut changes = Changes::default();
    let verdicts = requests
        .iter()
        .enumerate()
        .map(|(index, append)| known.judge(index, append, &mut changes))
        .collect();
    write_guards(&mut db, &changes).await?;
    if !changes.facts.is_empty() {
        insert_facts(&mut db, &changes.facts).await?;
        insert_contents(&mut db, requests, &changes.contents, now).await?;
        for table in inline {
            table.apply(&mut db, &changes.facts).await?;
        }
        move_head(&mut db, &known).await?;
    }
    db.commit().await?;
    Ok((verdicts, known.head))
}

#[derive(Default)]
struct Columns {
    positions: Vec<i64>,
    tenants: Vec<Option<String>>,
    streams: Vec<String>,
    versions: Vec<i64>,
    ids: Vec<uuid::Uuid>,
    names: Vec<String>,
    schemas: Vec<i16>,
    payloads: Vec<String>,
    metadata: Vec<String>,
    times: Vec<chrono::DateTime<chrono::Utc>>,
}

impl Columns {
    fn of(facts: &[Recorded]) -> sqlx::Result<Self> {
        let mut columns = Self::default();
        for recorded in facts {
            let Encoded { name, schema, payload } =
                codec::encode(&recorded.fact).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let metadata = serde_json::to_string(&recorded.metadata)
                .map_err(|error| sqlx::Error::Encode(error.into()))?;
            let stream = recorded.fact.stream();
            columns.positions.push(recorded.position);
            columns.tenants.push(stream.owner().map(|tenant| tenant.to_string()));
            columns.streams.push(stream.id().to_owned());
            columns.versions.push(recorded.version);
            columns.ids.push(recorded.id.as_uuid());
            columns.names.push(name);
            columns.schemas.push(schema);
            columns.payloads.push(payload);
            columns.metadata.push(metadata);
            columns.times.push(recorded.at.as_datetime());
        }
        Ok(columns)
    }
}

async fn insert_facts(db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
    let columns = Columns::of(facts)?;
    sqlx::query!(
        "insert into events (position, tenant_id, stream_id, version, event_id, type, schema,
                             payload, metadata, recorded_at)
         select f.position, f.tenant_id, f.stream_id, f.version, f.event_id, f.type, f.schema,
                f.payload::json, f.metadata::json, f.recorded_at
         from unnest($1::bigint[], $2::varchar[], $3::varchar[], $4::bigint[], $5::uuid[],
                     $6::varchar[], $7::smallint[], $8::text[], $9::text[], $10::timestamptz[])
           as f(position, tenant_id, stream_id, version, event_id, type, schema, payload,
                metadata, recorded_at)",
        &columns.positions,
        &columns.tenants as &[Option<String>],
        &columns.streams,
        &columns.versions,
        &columns.ids,
        &columns.names,
        &columns.schemas,
        &columns.payloads,
        &columns.metadata,
        &columns.times,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_contents(
    db: &mut PgConnection,
    requests: &[Append],
    admitted: &[usize],
    now: Timestamp,
) -> sqlx::Result<()> {
    let contents: Vec<_> =
        admitted.iter().filter_map(|index| requests.get(*index)?.contents.as_ref()).collect();
    if contents.is_empty() {
        return Ok(());
    }
    let tenants: Vec<String> = contents.iter().map(|c| c.tenant.to_string()).collect();
    let digests: Vec<String> = contents.iter().map(|c| c.digest.clone()).collect();
    let sealed: Vec<Vec<u8>> = contents.iter().map(|c| c.sealed.clone()).collect();
    sqlx::query!(
        "insert into email_contents (tenant_id, digest, sealed, created_at)
         select c.tenant_id, c.digest, c.sealed, $4
         from unnest($1::varchar[], $2::varchar[], $3::bytea[]) as c(tenant_id, digest, sealed)
         on conflict (tenant_id, digest) do nothing",
        &tenants,
        &digests,
        &sealed,
        now.as_datetime(),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn write_guards(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    if !changes.claims.is_empty() {
        write_claims(db, changes).await?;
    }
    if !changes.quotas.is_empty() {
        write_quotas(db, changes).await?;
    }
    if !changes.receipts.is_empty() {
        write_receipts(db, changes).await?;
    }
    Ok(())
}

async fn write_claims(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
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

async fn write_quotas(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    let tenants: Vec<String> =
        changes.quotas.keys().map(|(tenant, _)| tenant.to_string()).collect();
    let days: Vec<_> = changes.quotas.keys().map(|(_, day)| day.as_date()).collect();
    let used: Vec<i64> =
        changes.quotas.values().map(|used| i64::try_from(*used).unwrap_or(i64::MAX)).collect();
    sqlx::query!(
        "insert into daily_quotas (tenant_id, day, used)
         select q.tenant_id, q.day, q.used
         from unnest($1::varchar[], $2::date[], $3::bigint[]) as q(tenant_id, day, used)
         on conflict (tenant_id, day) do update set used = excluded.used",
        &tenants,
        &days,
        &used,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn write_receipts(db: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    let receipts = &changes.receipts;
    let scopes: Vec<String> = receipts.iter().map(|(r, _)| r.scope.clone()).collect();
    let keys: Vec<String> = receipts.iter().map(|(r, _)| r.key.clone()).collect();
    let requests: Vec<String> = receipts.iter().map(|(r, _)| r.request.clone()).collect();
    let answers: Vec<Vec<u8>> = receipts.iter().map(|(r, _)| r.answer.clone()).collect();
    let times: Vec<_> = receipts.iter().map(|(_, at)| at.as_datetime()).collect();
    sqlx::query!(
        "insert into receipts (scope, key, request, answer, created_at)
         select r.scope, r.key, r.request, r.answer, r.created_at
         from unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::bytea[], $5::timestamptz[])
           as r(scope, key, request, answer, created_at)
         on conflict (scope, key) do update
         set request = excluded.request, answer = excluded.answer,
             created_at = excluded.created_at",
        &scopes,
        &keys,
        &requests,
        &answers,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn move_head(db: &mut PgConnection, known: &Known) -> sqlx::Result<()> {
    sqlx::query!("update log_head set position = $1", known.head).execute(&mut *db).await?;
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, known.head.to_string()).execute(db).await?;
    Ok(())
}
