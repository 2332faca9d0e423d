//! What happened in a tenant, in order, as an auditor may see it: without secrets, with who did it.

use futures_util::{Stream, stream};
use moka::sync::Cache;
use sqlx::PgPool;

use super::api_keys;
use crate::events::Recorded;
use crate::events::codec::WIRE_NAMES;
use crate::events::redact::{self, Shown};
use crate::events::store::EventStore;
use crate::events::store::history::Wanted;
use crate::values::{EventId, KeyId, TenantId, Timestamp};

/// Facts that are held at once while all are told.
const PIECE: i64 = 500;

/// So many names of keys are remembered.
const REMEMBERED: u64 = 10_000;

/// Which facts are wanted; what is absent does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Whose.
    pub tenant: TenantId,
    /// Of these types, as [`types`] finds them.
    pub types: Option<Vec<&'static str>>,
    /// Of this stream: a tenant's, a key's, an email's or a day's.
    pub stream: Option<String>,
    /// Recorded at or after this moment.
    pub since: Option<Timestamp>,
    /// Recorded before this moment.
    pub until: Option<Timestamp>,
}

/// A fact with its place, and who did it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Where it stands in the log.
    pub position: i64,
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub tenant: TenantId,
    /// To what it happened.
    pub stream: String,
    /// Which fact of the stream it is, from one.
    pub version: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it is and says, without secrets.
    pub shown: Shown,
    /// The key's id, or the part of the service that acted.
    pub actor: String,
    /// What the key is called, if it was a key.
    pub actor_name: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What belongs to one cause from the outside shares this.
    pub correlation_id: Option<String>,
    /// The fact because of which this one was recorded.
    pub causation_id: Option<EventId>,
}

/// The types that a name stands for: `email.cancelled` for itself, `email.*` for all of its noun; none if
/// there is no such type.
pub fn types(name: &str) -> Option<Vec<&'static str>> {
    let wanted = |known: &str| match name.strip_suffix('*') {
        Some(noun) if noun.ends_with('.') => known.starts_with(noun),
        Some(_) | None => known == name,
    };
    let found: Vec<&str> =
        WIRE_NAMES.iter().map(|(known, _)| *known).filter(|known| wanted(known)).collect();
    Some(found).filter(|found| !found.is_empty())
}

/// Tells histories. Clones remember together.
#[derive(Clone)]
pub struct History {
    store: EventStore,
    pool: PgPool,
    /// What keys are called: that never changes.
    names: Cache<String, String>,
}

impl History {
    /// Reads this log, and the names of keys from these tables.
    pub fn new(store: EventStore, pool: PgPool) -> Self {
        Self { store, pool, names: Cache::new(REMEMBERED) }
    }

    /// The next facts after a position.
    pub async fn page(
        &self,
        filter: &HistoryFilter,
        after: i64,
        limit: i64,
    ) -> sqlx::Result<Vec<HistoryRow>> {
        self.told(&filter.up_to(None), after, limit).await
    }

    /// All facts after a position, up to the head of the log as it is now: so it ends while more come in.
    /// No connection is held between two pieces.
    pub async fn pieces(
        &self,
        filter: &HistoryFilter,
        after: i64,
    ) -> sqlx::Result<impl Stream<Item = sqlx::Result<Vec<HistoryRow>>> + Send + use<>> {
        let head = self.store.ask_head().await?;
        let (history, wanted) = (self.clone(), filter.up_to(Some(head)));
        let next = move |after| {
            let (history, wanted) = (history.clone(), wanted.clone());
            async move {
                let rows = history.told(&wanted, after, PIECE).await?;
                Ok(rows.last().map(|last| last.position).map(|last| (rows, last)))
            }
        };
        Ok(stream::try_unfold(after, next))
    }

    async fn told(&self, wanted: &Wanted, after: i64, limit: i64) -> sqlx::Result<Vec<HistoryRow>> {
        let facts = self.store.history(wanted, after, limit).await?;
        self.learn(&facts).await?;
        facts.into_iter().map(|recorded| self.row(wanted.tenant, recorded)).collect()
    }

    /// Looks up what those keys are called that are not known yet.
    async fn learn(&self, facts: &[Recorded]) -> sqlx::Result<()> {
        let actors = facts.iter().map(|recorded| &recorded.metadata.actor);
        let mut unknown: Vec<String> = actors
            .filter(|actor| !self.names.contains_key(*actor) && actor.parse::<KeyId>().is_ok())
            .cloned()
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        for (key, name) in api_keys::names(&self.pool, &unknown).await? {
            self.names.insert(key, name);
        }
        Ok(())
    }

    fn row(&self, tenant: TenantId, recorded: Recorded) -> sqlx::Result<HistoryRow> {
        let shown =
            redact::shown(&recorded.fact).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let metadata = recorded.metadata;
        Ok(HistoryRow {
            position: recorded.position,
            id: recorded.id,
            tenant,
            stream: recorded.fact.stream().id().to_owned(),
            version: recorded.version,
            at: recorded.at,
            shown,
            actor_name: self.names.get(&metadata.actor),
            actor: metadata.actor,
            request_id: metadata.request_id,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
        })
    }
}

impl HistoryFilter {
    fn up_to(&self, up_to: Option<i64>) -> Wanted {
        Wanted {
            tenant: self.tenant,
            types: self.types.clone(),
            stream: self.stream.clone(),
            since: self.since,
            until: self.until,
            up_to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_all_of_a_noun_and_for_nothing_else() {
        assert_eq!(types("email.cancelled"), Some(vec!["email.cancelled"]));
        assert_eq!(types("usage.*"), Some(vec!["usage.api_requests_counted"]));
        assert_eq!(types("api_key.*").map(|found| found.len()), Some(3));
        for none in ["", "*", ".*", "email", "email.", "em*", "email.*x", "email.lost", "EMAIL.*"] {
            assert_eq!(types(none), None, "{none}");
        }
    }
}
