//! What the judge must know before a turn: asked in as few statements as the turn's requests need.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::append::{Guard, Part, Receipt};
use super::judge::Known;
use super::keys;
use super::prepared::Prepared;
use super::receipts::RECEIPT_LIFE;
use crate::events::{EmailEvent, Fact};
use crate::values::{Day, TenantId, Timestamp};

/// Looks up all that the requests' guards name; the turn at the head of the log must be ours.
pub(super) async fn look_up(
    db: &mut PgConnection,
    requests: &[Prepared],
    now: Timestamp,
) -> sqlx::Result<Known> {
    let guards: Vec<&Guard> = requests.iter().flat_map(|request| &request.append.guards).collect();
    let claims = claims(db, &guards).await?;
    let receipts = receipts(db, &guards, now).await?;
    let numbers = numbers(db, &streams(requests), &quotas(&guards), &owners(requests)).await?;
    Ok(Known { claims, receipts, ..numbers })
}

/// The streams of which the versions matter.
fn streams(requests: &[Prepared]) -> Vec<String> {
    let mut streams = HashSet::new();
    for request in requests {
        let known = request.append.parts.iter().filter(|part| !begins(part));
        streams.extend(known.map(|part| part.stream.id()));
        for guard in &request.append.guards {
            if let Guard::StreamAt { stream, .. } = guard {
                streams.insert(stream.id());
            }
        }
    }
    streams.into_iter().map(ToOwned::to_owned).collect()
}

/// True for the life of an email whose id was made for it: nobody else can have begun it. (If somebody had,
/// the index of streams and versions would refuse the second.)
fn begins(part: &Part) -> bool {
    let accepted = |fact: &Fact| matches!(fact, Fact::Email(_, _, EmailEvent::Accepted(_)));
    part.expected == 0 && part.facts.first().is_some_and(accepted)
}

/// The days of which the use matters.
fn quotas(guards: &[&Guard]) -> Vec<(TenantId, Day)> {
    let wanted: HashSet<_> = guards
        .iter()
        .filter_map(|guard| match guard {
            Guard::Quota { tenant, day, .. } => Some((*tenant, *day)),
            Guard::StreamAt { .. }
            | Guard::Claim { .. }
            | Guard::Release { .. }
            | Guard::Receipt(_) => None,
        })
        .collect();
    wanted.into_iter().collect()
}

/// The tenants whose keys matter.
fn owners(requests: &[Prepared]) -> HashMap<String, TenantId> {
    let facts =
        requests.iter().flat_map(|request| &request.append.parts).flat_map(|part| &part.facts);
    let owners: HashSet<TenantId> = facts.filter_map(keys::owner).collect();
    owners.into_iter().map(|tenant| (tenant.to_string(), tenant)).collect()
}

/// The head and what is closed, versions, uses and keys, in one statement.
async fn numbers(
    db: &mut PgConnection,
    streams: &[String],
    quotas: &[(TenantId, Day)],
    owners: &HashMap<String, TenantId>,
) -> sqlx::Result<Known> {
    let tenants: Vec<String> = quotas.iter().map(|(tenant, _)| tenant.to_string()).collect();
    let days: Vec<_> = quotas.iter().map(|(_, day)| day.as_date()).collect();
    let rows = sqlx::query!(
        r#"select 0::bigint as "place!", position as "number!", null::varchar as stream_id,
                  closed_until
           from log_head
           union all
           select 0, v.version, s.stream_id, null
           from unnest($1::varchar[]) as s(stream_id)
           cross join lateral (
               select e.version from events e
               where e.stream_id = s.stream_id order by e.version desc limit 1
           ) v
           union all
           select w.place, q.used, null, null
           from unnest($2::varchar[], $3::date[]) with ordinality as w(tenant_id, day, place)
           join daily_quotas q on q.tenant_id = w.tenant_id and q.day = w.day
           union all
           select -1, (k.wrapped is not null)::int, k.tenant_id, null
           from tenant_keys k where k.tenant_id = any($4)"#,
        streams,
        &tenants,
        &days,
        &owners.keys().cloned().collect::<Vec<_>>(),
    )
    .fetch_all(db)
    .await?;
    let mut known = Known::default();
    for row in rows {
        match (row.stream_id, usize::try_from(row.place - 1).ok()) {
            (Some(owner), _) if row.place < 0 => {
                known.keys.extend(owners.get(&owner).map(|tenant| (*tenant, row.number == 1)));
            }
            (Some(stream), _) => {
                known.versions.insert(stream, row.number);
            }
            (None, Some(place)) => {
                let used = u64::try_from(row.number).unwrap_or(0);
                known.quotas.extend(quotas.get(place).map(|quota| (*quota, used)));
            }
            (None, None) => {
                known.head = row.number;
                known.closed_until = row.closed_until.map(Timestamp::from);
            }
        }
    }
    Ok(known)
}

async fn claims(
    db: &mut PgConnection,
    guards: &[&Guard],
) -> sqlx::Result<HashMap<(&'static str, String), String>> {
    // One name can be claimed in several kinds: both together are what is looked for.
    let wanted: HashSet<(&'static str, &str)> = guards
        .iter()
        .filter_map(|guard| match guard {
            Guard::Claim { kind, name, .. } | Guard::Release { kind, name, .. } => {
                Some((*kind, name.as_str()))
            }
            Guard::StreamAt { .. } | Guard::Quota { .. } | Guard::Receipt(_) => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    let kinds: Vec<String> = wanted.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    let names: Vec<String> = wanted.iter().map(|(_, name)| (*name).to_owned()).collect();
    let rows = sqlx::query!(
        r#"select w.place as "place!", c.owner
           from unnest($1::varchar[], $2::varchar[]) with ordinality as w(kind, name, place)
           join claims c on c.kind = w.kind and c.name = w.name"#,
        &kinds,
        &names,
    )
    .fetch_all(db)
    .await?;
    let known = rows.into_iter().filter_map(|row| {
        let (kind, name) = wanted.get(usize::try_from(row.place - 1).ok()?)?;
        Some(((*kind, (*name).to_owned()), row.owner))
    });
    Ok(known.collect())
}

async fn receipts(
    db: &mut PgConnection,
    guards: &[&Guard],
    now: Timestamp,
) -> sqlx::Result<HashMap<(String, String), Receipt>> {
    let wanted = guards.iter().filter_map(|guard| match guard {
        Guard::Receipt(receipt) => Some((receipt.scope.clone(), receipt.key.clone())),
        Guard::StreamAt { .. }
        | Guard::Claim { .. }
        | Guard::Release { .. }
        | Guard::Quota { .. } => None,
    });
    let (scopes, keys): (Vec<String>, Vec<String>) = wanted.unzip();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query_as!(
        Receipt,
        "select r.scope, r.key, r.request, r.answer
         from receipts r join unnest($1::varchar[], $2::varchar[]) as w(scope, key)
           on r.scope = w.scope and r.key = w.key
         where r.created_at > $3",
        &scopes,
        &keys,
        now.minus(RECEIPT_LIFE).as_datetime(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.scope.clone(), row.key.clone()), row)).collect())
}
