//! Things as they were: folded from the facts that were recorded up to and including a moment.
//!
//! The moment is compared with the time of each fact, which is the one of its decision. What is an
//! observation and no fact (a key's last use, a relay's health, counted requests that are no facts yet)
//! is not known of the past.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::api_keys::{self, ApiKeyRow};
use super::page::{PageRequest, Paged};
use super::tenants::{self, TenantRow};
use super::usage::{COUNTED, Counts};
use crate::events::store::EventStore;
use crate::events::store::history::Wanted;
use crate::events::{DomainEvent, Fact, Recorded, Stream, TemplateEvent, WebhookEvent};
use crate::values::{Day, Month, TenantId, Timestamp};

/// Facts that are held at once.
const PIECE: i64 = 2_000;

/// All by which a key's row is made.
const OF_KEYS: [&str; 3] = ["api_key.created", "api_key.rotated", "api_key.revoked"];

/// With which facts a thing of one kind begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Their names.
    types: [&'static str; 2],
    /// Tells the one with which it ends.
    is_end: fn(&Fact) -> bool,
}

/// Of templates.
pub const TEMPLATES: Ends = Ends {
    types: ["template.created", "template.deleted"],
    is_end: |fact| matches!(fact, Fact::Template(_, _, TemplateEvent::Deleted)),
};
/// Of webhooks.
pub const WEBHOOKS: Ends = Ends {
    types: ["webhook.created", "webhook.deleted"],
    is_end: |fact| matches!(fact, Fact::Webhook(_, _, WebhookEvent::Deleted)),
};
/// Of domains.
pub const DOMAINS: Ends = Ends {
    types: ["domain.added", "domain.deleted"],
    is_end: |fact| matches!(fact, Fact::Domain(_, _, DomainEvent::Deleted)),
};

/// The first moment at which what happened at `at` is over: times are kept to the microsecond.
fn after(at: Timestamp) -> Timestamp {
    at.plus(Duration::from_micros(1))
}

/// A tenant, also one that was deleted by then; none before it existed.
pub async fn tenant(
    store: &EventStore,
    tenant: TenantId,
    at: Timestamp,
) -> sqlx::Result<Option<TenantRow>> {
    let facts = store.load(&Stream::tenant(tenant)).await?;
    let mut rows = HashMap::new();
    for recorded in facts.iter().filter(|recorded| recorded.at <= at) {
        if let Fact::Tenant(tenant, event) = &recorded.fact {
            tenants::fold(&mut rows, *tenant, event, recorded)?;
        }
    }
    Ok(rows.into_values().next())
}

/// A tenant's keys, the newest first.
pub async fn api_keys(
    store: &EventStore,
    tenant: TenantId,
    at: Timestamp,
) -> sqlx::Result<Vec<ApiKeyRow>> {
    let mut rows = HashMap::new();
    each(store, &wanted(tenant, &OF_KEYS, at), |recorded| {
        if let Fact::ApiKey(tenant, key, event) = &recorded.fact {
            api_keys::fold(&mut rows, (*tenant, *key), event, recorded);
        }
    })
    .await?;
    let mut rows: Vec<ApiKeyRow> = rows.into_values().collect();
    rows.sort_unstable_by(|one, other| other.id.cmp(&one.id));
    Ok(rows)
}

/// A part of a tenant's keys.
pub fn page_of_keys(keys: Vec<ApiKeyRow>, page: &PageRequest) -> Paged<ApiKeyRow> {
    let total = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let count = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let rows = keys.into_iter().filter(|row| page.cursor.as_ref().is_none_or(|c| row.id < *c));
    let rows = rows.skip(count(page.offset())).take(count(page.one_more())).collect();
    page.page_of(rows, total, |row| row.id.clone())
}

/// How many things of one kind a tenant had: those that had begun less those that had ended.
pub async fn living(
    store: &EventStore,
    tenant: TenantId,
    at: Timestamp,
    Ends { types, is_end }: Ends,
) -> sqlx::Result<i64> {
    let mut living = 0;
    each(store, &wanted(tenant, &types, at), |recorded| {
        living += if is_end(&recorded.fact) { -1 } else { 1 };
    })
    .await?;
    Ok(living)
}

/// A tenant's counts of a month, day by day; days without any are left out.
pub async fn usage(
    store: &EventStore,
    tenant: TenantId,
    month: Month,
    at: Timestamp,
) -> sqlx::Result<Vec<(Day, Counts)>> {
    let mut wanted = wanted(tenant, &COUNTED, at);
    wanted.since = Some(month.begin());
    wanted.until = wanted.until.min(Some(month.end()));
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    each(store, &wanted, |recorded| {
        days.entry(recorded.at.day()).or_default().add(&recorded.fact);
    })
    .await?;
    Ok(days.into_iter().collect())
}

fn wanted(tenant: TenantId, types: &[&'static str], at: Timestamp) -> Wanted {
    Wanted { types: Some(types.to_vec()), until: Some(after(at)), ..Wanted::of(tenant) }
}

/// Goes through facts in their order, some at a time.
async fn each(
    store: &EventStore,
    wanted: &Wanted,
    mut look: impl FnMut(&Recorded),
) -> sqlx::Result<()> {
    let mut position = 0;
    loop {
        let facts = store.history(wanted, position, PIECE).await?;
        facts.iter().for_each(&mut look);
        match facts.last() {
            Some(last) => position = last.position,
            None => return Ok(()),
        }
    }
}
