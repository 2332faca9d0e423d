//! Who of a turn may write: pure, one request after the other, each on its own.

use std::collections::HashMap;

use super::append::{Append, AppendError, Guard, Receipt};
use super::prepared::Prepared;
use crate::events::{Recorded, Stream};
use crate::values::{Day, TenantId, Timestamp};

/// So many versions, uses and keys at most are remembered from turn to turn.
const REMEMBERED: usize = 10_000;

/// A claimed name.
pub(super) type Name = (&'static str, String);

/// What the database said before the turn, kept up to date through it.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) head: i64,
    /// Which row of `log_head` said so: another one, if anything of this has changed.
    pub(super) head_row: i64,
    /// Nothing may be recorded with an earlier time.
    pub(super) closed_until: Option<Timestamp>,
    pub(super) versions: HashMap<String, i64>,
    pub(super) claims: HashMap<Name, String>,
    pub(super) receipts: HashMap<(String, String), Receipt>,
    pub(super) quotas: HashMap<(TenantId, Day), u64>,
    /// For which tenants there is a key, and whether it is still usable.
    pub(super) keys: HashMap<TenantId, bool>,
}

/// What a turn changes, in all.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) facts: Vec<Recorded>,
    /// Which requests' facts these are, in their order.
    pub(super) admitted: Vec<usize>,
    pub(super) claims: HashMap<Name, Option<String>>,
    pub(super) quotas: HashMap<(TenantId, Day), u64>,
    pub(super) receipts: Vec<(Receipt, Timestamp)>,
    /// Which requests' contents are to be kept.
    pub(super) contents: Vec<usize>,
}

impl Changes {
    pub(super) fn is_nothing(&self) -> bool {
        let Self { facts, claims, quotas, receipts, .. } = self;
        facts.is_empty() && claims.is_empty() && quotas.is_empty() && receipts.is_empty()
    }
}

impl Known {
    /// This and what was left by the turn before, if nothing has changed since.
    pub(super) fn with(self, left: Option<Self>) -> Self {
        let Some(mut left) = left.filter(|left| left.head_row == self.head_row) else {
            return self;
        };
        left.versions.extend(self.versions);
        left.quotas.extend(self.quotas);
        left.keys.extend(self.keys);
        Self { versions: left.versions, quotas: left.quotas, keys: left.keys, ..self }
    }

    /// What the next turn may begin with, after this one made that row of the head; none if it is too much.
    pub(super) fn remembered(mut self, head_row: i64) -> Option<Self> {
        self.head_row = head_row;
        self.receipts.clear();
        self.claims.clear();
        let much = self.versions.len() + self.quotas.len() + self.keys.len();
        (much <= REMEMBERED).then_some(self)
    }

    /// Admits the request number `index` of a turn, or says why not; then nothing has changed.
    pub(super) fn judge(
        &mut self,
        index: usize,
        request: &Prepared,
        changes: &mut Changes,
    ) -> Result<Vec<Recorded>, AppendError> {
        let append = &request.append;
        self.check_receipt(append)?;
        self.check_time(append)?;
        if append.parts.iter().any(|part| self.version(&part.stream) != part.expected) {
            return Err(AppendError::Conflict);
        }
        append.guards.iter().try_for_each(|guard| self.check(guard, append.at))?;
        for guard in &append.guards {
            self.keep(guard, append.at, changes);
        }
        if !append.contents.is_empty() {
            changes.contents.push(index);
        }
        let recorded = self.place(request);
        changes.admitted.push(index);
        changes.facts.extend(recorded.iter().cloned());
        Ok(recorded)
    }

    fn version(&self, stream: &Stream) -> i64 {
        self.versions.get(stream.id()).copied().unwrap_or(0)
    }

    /// First of all, since a repeated request has moved its own stream on.
    fn check_receipt(&self, append: &Append) -> Result<(), AppendError> {
        for guard in &append.guards {
            let Guard::Receipt(receipt) = guard else { continue };
            let key = (receipt.scope.clone(), receipt.key.clone());
            match self.receipts.get(&key) {
                None => {}
                Some(known) if known.request == receipt.request => {
                    return Err(AppendError::Answered(known.answer.clone()));
                }
                Some(_) => return Err(AppendError::KeyReused),
            }
        }
        Ok(())
    }

    /// What was closed stays as it is; guards alone record nothing.
    fn check_time(&self, append: &Append) -> Result<(), AppendError> {
        match self.closed_until {
            Some(not_before) if append.at < not_before && !append.parts.is_empty() => {
                Err(AppendError::Late { not_before })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check(&self, guard: &Guard, now: Timestamp) -> Result<(), AppendError> {
        match guard {
            Guard::StreamAt { stream, version } if self.version(stream) != *version => {
                Err(AppendError::Moved(stream.clone()))
            }
            Guard::Claim { kind, name, owner } => match self.claims.get(&(*kind, name.clone())) {
                Some(holder) if holder != owner => {
                    Err(AppendError::Taken { kind, name: name.clone() })
                }
                Some(_) | None => Ok(()),
            },
            Guard::Quota { tenant, day, amount, limit: Some(limit) } => {
                let used = self.quotas.get(&(*tenant, *day)).copied().unwrap_or(0);
                if used.saturating_add(*amount) > *limit {
                    let wait = day.end().since(now);
                    return Err(AppendError::OverQuota { wait, limit: *limit, used });
                }
                Ok(())
            }
            Guard::StreamAt { .. }
            | Guard::Release { .. }
            | Guard::Quota { limit: None, .. }
            | Guard::Receipt(_) => Ok(()),
        }
    }

    fn keep(&mut self, guard: &Guard, at: Timestamp, changes: &mut Changes) {
        match guard {
            Guard::StreamAt { .. } => {}
            Guard::Claim { kind, name, owner } => {
                let name = (*kind, name.clone());
                changes.claims.insert(name.clone(), Some(owner.clone()));
                self.claims.insert(name, owner.clone());
            }
            Guard::Release { kind, name, owner } => {
                let name = (*kind, name.clone());
                if self.claims.get(&name) == Some(owner) {
                    self.claims.remove(&name);
                    changes.claims.insert(name, None);
                }
            }
            Guard::Quota { tenant, day, amount, .. } => {
                let used = self.quotas.entry((*tenant, *day)).or_default();
                *used = used.saturating_add(*amount);
                changes.quotas.insert((*tenant, *day), *used);
            }
            Guard::Receipt(receipt) => {
                let key = (receipt.scope.clone(), receipt.key.clone());
                self.receipts.insert(key, receipt.clone());
                changes.receipts.push((receipt.clone(), at));
            }
        }
    }

    fn place(&mut self, request: &Prepared) -> Vec<Recorded> {
        let append = &request.append;
        let mut recorded = Vec::with_capacity(request.facts.len());
        let mut written = request.facts.iter();
        for part in &append.parts {
            let mut version = part.expected;
            for (fact, written) in part.facts.iter().zip(&mut written) {
                version += 1;
                self.head += 1;
                recorded.push(Recorded {
                    position: self.head,
                    version,
                    id: written.id,
                    at: append.at,
                    metadata: append.metadata.clone(),
                    fact: fact.clone(),
                });
            }
            self.versions.insert(part.stream.id().to_owned(), version);
        }
        recorded
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::events::store::append::Part;
    use crate::events::store::vault::Vault;
    use crate::events::{Fact, Metadata, TenantEvent};
    use crate::values::SecretKey;

    fn now() -> Timestamp {
        "2024-01-15T10:30:00Z".parse().unwrap()
    }

    fn append(tenant: TenantId, expected: i64, guards: Vec<Guard>) -> Append {
        let facts = vec![Fact::Tenant(tenant, TenantEvent::Suspended)];
        Append {
            parts: vec![Part { stream: Stream::tenant(tenant), expected, facts }],
            guards,
            contents: Vec::new(),
            metadata: Metadata::default(),
            at: now(),
        }
    }

    struct Turn {
        known: Known,
        changes: Changes,
        vault: Vault,
    }

    impl Turn {
        fn new() -> Self {
            Self {
                known: Known::default(),
                changes: Changes::default(),
                vault: Vault::new(SecretKey::new("a secret of more than 32 characters").unwrap()),
            }
        }

        fn ask(&mut self, append: &Append) -> Result<Vec<Recorded>, AppendError> {
            let request = Prepared::new(append.clone(), &self.vault).unwrap();
            self.known.judge(0, &request, &mut self.changes)
        }
    }

    #[test]
    fn of_two_that_saw_the_same_past_one_is_refused() {
        let mut turn = Turn::new();
        let tenant = TenantId::at(now());
        assert_eq!(turn.ask(&append(tenant, 0, vec![])).unwrap()[0].position, 1);
        assert!(matches!(turn.ask(&append(tenant, 0, vec![])), Err(AppendError::Conflict)));
        assert_eq!(turn.ask(&append(tenant, 1, vec![])).unwrap()[0].version, 2);
        assert_eq!(turn.changes.facts.len(), 2);
    }

    #[test]
    fn what_was_decided_before_the_time_that_is_closed_comes_too_late() {
        let closed_until = Some(now());
        let mut turn = Turn::new();
        turn.known.closed_until = closed_until;
        let (tenant, early) = (TenantId::at(now()), now().minus(Duration::from_micros(1)));
        let late = turn.ask(&Append { at: early, ..append(tenant, 0, vec![]) });
        assert!(matches!(late, Err(AppendError::Late { not_before }) if not_before == now()));
        turn.ask(&Append { at: early, parts: vec![], ..append(tenant, 0, vec![]) }).unwrap();
        assert_eq!(turn.ask(&append(tenant, 0, vec![])).unwrap()[0].position, 1);
    }

    #[test]
    fn a_decision_on_another_stream_that_has_moved_is_refused() {
        let mut turn = Turn::new();
        let (tenant, other) = (TenantId::at(now()), TenantId::at(now()));
        turn.ask(&append(other, 0, vec![])).unwrap();
        let guard = Guard::StreamAt { stream: Stream::tenant(other), version: 0 };
        let refused = turn.ask(&append(tenant, 0, vec![guard]));
        assert!(matches!(refused, Err(AppendError::Moved(_))));
    }

    #[test]
    fn a_name_is_taken_until_its_owner_releases_it() {
        let mut turn = Turn::new();
        let (tenant, other) = (TenantId::at(now()), TenantId::at(now()));
        let claim = |owner: TenantId| Guard::Claim {
            kind: "domain",
            name: "acme.com".to_owned(),
            owner: owner.to_string(),
        };
        let release = |owner: TenantId| Guard::Release {
            kind: "domain",
            name: "acme.com".to_owned(),
            owner: owner.to_string(),
        };
        turn.ask(&append(tenant, 0, vec![claim(tenant)])).unwrap();
        let taken = turn.ask(&append(other, 0, vec![claim(other)]));
        assert!(matches!(taken, Err(AppendError::Taken { .. })));
        turn.ask(&append(other, 0, vec![release(other)])).unwrap();
        assert!(turn.ask(&append(other, 1, vec![claim(other)])).is_err());
        turn.ask(&append(tenant, 1, vec![release(tenant)])).unwrap();
        turn.ask(&append(other, 1, vec![claim(other)])).unwrap();
    }

    #[test]
    fn a_quota_holds_to_the_last_unit_and_a_refusal_uses_none() {
        let mut turn = Turn::new();
        let tenant = TenantId::at(now());
        let quota = |amount| Guard::Quota { tenant, day: now().day(), amount, limit: Some(10) };
        turn.ask(&append(tenant, 0, vec![quota(8)])).unwrap();
        let over = turn.ask(&append(tenant, 1, vec![quota(3)]));
        assert!(matches!(over, Err(AppendError::OverQuota { limit: 10, used: 8, .. })));
        turn.ask(&append(tenant, 1, vec![quota(2)])).unwrap();
        assert!(turn.ask(&append(tenant, 2, vec![quota(1)])).is_err());
    }

    #[test]
    fn the_same_request_twice_in_one_turn_is_answered_once() {
        let mut turn = Turn::new();
        let tenant = TenantId::at(now());
        let receipt = |request: &str| {
            Guard::Receipt(Receipt {
                scope: "operator".to_owned(),
                key: "k".to_owned(),
                request: request.to_owned(),
                answer: b"first".to_vec(),
            })
        };
        turn.ask(&append(tenant, 0, vec![receipt("a")])).unwrap();
        let again = turn.ask(&append(tenant, 0, vec![receipt("a")]));
        assert!(matches!(again, Err(AppendError::Answered(answer)) if answer == b"first"));
        let other = turn.ask(&append(tenant, 1, vec![receipt("b")]));
        assert!(matches!(other, Err(AppendError::KeyReused)));
    }
}
