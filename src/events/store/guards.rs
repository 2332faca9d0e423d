//! What the judge must know before a turn: asked in one statement, whatever the turn's requests need.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::append::{Guard, Part, Receipt};
use super::judge::Known;
use super::keys;
use super::prepared::Prepared;
use super::receipts::RECEIPT_LIFE;
use crate::events::{EmailEvent, Fact};
use crate::values::{Day, TenantId, Timestamp};

/// What the judge must know, each thing once.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The streams of which the versions matter, with what was seen of them by whoever asked first.
    streams: Vec<(&'a str, i64)>,
    /// The days of which the use matters.
    quotas: Vec<(TenantId, Day)>,
    /// The tenants whose keys matter.
    owners: Vec<TenantId>,
    /// Kinds and names.
    claims: Vec<(&'static str, &'a str)>,
    /// Scopes and keys.
    receipts: Vec<(&'a str, &'a str)>,
}

/// What nobody has looked up: the statement that writes does nothing if any of it is not so.
#[derive(Debug, Default)]
pub(super) struct Assumed<'a> {
    /// Streams, with how many facts they are taken to have.
    pub(super) streams: Vec<(&'a str, i64)>,
    /// Scopes and keys under which nobody is taken to have been answered. Those of all requests, also of one
    /// that is refused: it may be a repeat, and be refused because of what its first time has changed.
    pub(super) receipts: Vec<(&'a str, &'a str)>,
}

/// What was found; what the columns mean depends on what it is.
struct Found {
    what: String,
    place: i64,
    number: i64,
    name: Option<String>,
    at: Option<DateTime<Utc>>,
    answer: Option<Vec<u8>>,
}

impl<'a> Wanted<'a> {
    /// What these requests bring up.
    pub(super) fn by(requests: &'a [Prepared]) -> Self {
        let mut wanted = Self::default();
        for append in requests.iter().map(|request| &request.append) {
            let known = append.parts.iter().filter(|part| !begins(part));
            wanted.streams.extend(known.map(|part| (part.stream.id(), part.expected)));
            let facts = append.parts.iter().flat_map(|part| &part.facts);
            wanted.owners.extend(facts.filter_map(keys::owner));
            append.guards.iter().for_each(|guard| wanted.add(guard));
        }
        once(&mut wanted.streams, |(stream, _)| *stream);
        once(&mut wanted.quotas, |quota| *quota);
        once(&mut wanted.owners, |owner| *owner);
        once(&mut wanted.claims, |claim| *claim);
        once(&mut wanted.receipts, |receipt| *receipt);
        wanted
    }

    fn add(&mut self, guard: &'a Guard) {
        match guard {
            Guard::StreamAt { stream, version } => self.streams.push((stream.id(), *version)),
            Guard::Quota { tenant, day, .. } => self.quotas.push((*tenant, *day)),
            // One name can be claimed in several kinds: both together are what is looked for.
            Guard::Claim { kind, name, .. } | Guard::Release { kind, name, .. } => {
                self.claims.push((kind, name));
            }
            Guard::Receipt(receipt) => self.receipts.push((&receipt.scope, &receipt.key)),
        }
    }

    /// Asks Postgres for all of it.
    pub(super) async fn look_up(
        &self,
        db: &mut PgConnection,
        now: Timestamp,
    ) -> sqlx::Result<Known> {
        let mut known = Known::default();
        let none = |(stream, _): &(&str, i64)| ((*stream).to_owned(), 0);
        known.versions.extend(self.streams.iter().map(none));
        known.quotas.extend(self.quotas.iter().map(|quota| (*quota, 0)));
        for found in self.ask(db).await? {
            self.take_in(&mut known, found, now.minus(RECEIPT_LIFE));
        }
        Ok(known)
    }

    /// True if an earlier turn has left all of it that the statement that writes does not look for itself.
    pub(super) fn is_in(&self, known: &Known) -> bool {
        self.claims.is_empty()
            && self.quotas.iter().all(|quota| known.quotas.contains_key(quota))
            && self.owners.iter().all(|owner| known.keys.contains_key(owner))
    }

    /// Takes streams that nothing is known of for what whoever asked first has seen of them, and all requests
    /// for new.
    pub(super) fn assume(&self, known: &mut Known) -> Assumed<'a> {
        let unknown = |(stream, _): &&(&str, i64)| !known.versions.contains_key(*stream);
        let streams: Vec<_> = self.streams.iter().filter(unknown).copied().collect();
        known.versions.extend(streams.iter().map(|(stream, at)| ((*stream).to_owned(), *at)));
        Assumed { streams, receipts: self.receipts.clone() }
    }

    async fn ask(&self, db: &mut PgConnection) -> sqlx::Result<Vec<Found>> {
        let streams: Vec<&str> = self.streams.iter().map(|(stream, _)| *stream).collect();
        let (kinds, names): (Vec<_>, Vec<_>) = self.claims.iter().copied().unzip();
        let (scopes, keys): (Vec<_>, Vec<_>) = self.receipts.iter().copied().unzip();
        let tenants = self.quotas.iter().map(|(tenant, _)| tenant.to_string());
        let days = self.quotas.iter().map(|(_, day)| day.as_date());
        let owners = self.owners.iter().map(TenantId::to_string);
        sqlx::query_file_as!(
            Found,
            "src/events/store/look_up.sql",
            &streams as &[&str],
            &tenants.collect::<Vec<_>>(),
            &days.collect::<Vec<_>>(),
            &owners.collect::<Vec<_>>(),
            &kinds as &[&str],
            &names as &[&str],
            &scopes as &[&str],
            &keys as &[&str],
        )
        .fetch_all(db)
        .await
    }

    /// Receipts from before `since` are none any more.
    fn take_in(&self, known: &mut Known, found: Found, since: Timestamp) {
        let place = usize::try_from(found.place - 1).unwrap_or(usize::MAX);
        let at = found.at.map(Timestamp::from);
        match (found.what.as_str(), found.name) {
            ("head", _) => {
                (known.head, known.head_row) = (found.number, found.place);
                known.closed_until = at;
            }
            ("version", Some(stream)) => drop(known.versions.insert(stream, found.number)),
            ("quota", _) => {
                let used = u64::try_from(found.number).unwrap_or(0);
                known.quotas.extend(self.quotas.get(place).map(|quota| (*quota, used)));
            }
            ("key", _) => {
                let usable = found.number == 1;
                known.keys.extend(self.owners.get(place).map(|owner| (*owner, usable)));
            }
            ("claim", Some(owner)) => {
                let claim = self.claims.get(place);
                known.claims.extend(claim.map(|(kind, name)| ((*kind, (*name).into()), owner)));
            }
            ("receipt", Some(request)) if at.is_some_and(|at| at > since) => {
                let Some((scope, key)) = self.receipts.get(place).copied() else { return };
                let (scope, key) = (scope.to_owned(), key.to_owned());
                let answer = found.answer.unwrap_or_default();
                let receipt = Receipt { scope: scope.clone(), key: key.clone(), request, answer };
                known.receipts.insert((scope, key), receipt);
            }
            _ => {}
        }
    }
}

/// True for the life of an email whose id was made for it: nobody else can have begun it. (If somebody had,
/// the index of streams and versions would refuse the second.)
fn begins(part: &Part) -> bool {
    let accepted = |fact: &Fact| matches!(fact, Fact::Email(_, _, EmailEvent::Accepted(_)));
    part.expected == 0 && part.facts.first().is_some_and(accepted)
}

/// Leaves the first of each.
fn once<T, K: Eq + Hash>(all: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = HashSet::with_capacity(all.len());
    all.retain(|one| seen.insert(key(one)));
}
