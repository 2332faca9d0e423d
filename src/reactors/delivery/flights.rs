//! What is on its way: whose, under which lease, and how to call it off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::allowance::Allowances;

/// One mail on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) tenant: String,
    pub(super) lease: Uuid,
    pub(super) since: Instant,
    pub(super) hold: Hold,
    pub(super) called_off: CancellationToken,
}

/// Until when a lease surely holds, by a clock that nobody sets: a process that was paused for longer
/// knows by it that another may have the mail, before it has asked anybody.
#[derive(Clone, Debug)]
pub(super) struct Hold(Arc<Mutex<Instant>>);

impl Hold {
    pub(super) fn until(moment: Instant) -> Self {
        Self(Arc::new(Mutex::new(moment)))
    }

    /// True while nobody else can have the mail.
    pub(super) fn holds(&self) -> bool {
        Instant::now() < *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_on(&self, moment: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }
}

/// All mails on their way.
#[derive(Debug)]
pub(super) struct Flights {
    by_email: HashMap<String, Flight>,
    allowances: Allowances,
}

impl Flights {
    /// Of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        Self { by_email: HashMap::new(), allowances: Allowances::new(workers) }
    }

    pub(super) fn len(&self) -> usize {
        self.by_email.len()
    }

    /// Adds a flight. If its lease ran out under our hands, the former attempt is not ours any more,
    /// and two at once would send the mail twice.
    pub(super) fn add(&mut self, email: &str, flight: Flight) {
        if let Some(former) = self.by_email.insert(email.to_owned(), flight) {
            tracing::warn!(email, "taken again after its lease ran out");
            former.called_off.cancel();
        }
    }

    /// Ends a flight; one that was taken anew under another lease meanwhile goes on.
    pub(super) fn end(&mut self, email: &str, lease: Uuid, now: Instant) {
        if self.by_email.get(email).is_none_or(|flight| flight.lease != lease) {
            return;
        }
        if let Some(flight) = self.by_email.remove(email) {
            let took = now.saturating_duration_since(flight.since);
            self.allowances.learn(&flight.tenant, took);
        }
    }

    /// The tenants that have as many on their way as they may.
    pub(super) fn sated(&self) -> Vec<String> {
        let sated =
            self.counts().into_iter().filter(|(tenant, has)| *has >= self.allowances.of(tenant));
        sated.map(|(tenant, _)| tenant.to_owned()).collect()
    }

    /// So many more may anybody have who is not sated.
    pub(super) fn left(&self) -> usize {
        let left = |(tenant, has)| self.allowances.of(tenant).saturating_sub(has);
        let least = self.counts().into_iter().map(left).filter(|left| *left > 0).min();
        least.unwrap_or(usize::MAX).min(self.allowances.first())
    }

    fn counts(&self) -> HashMap<&str, usize> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for flight in self.by_email.values() {
            *counts.entry(&flight.tenant).or_default() += 1;
        }
        counts
    }

    pub(super) fn emails_and_leases(&self) -> (Vec<String>, Vec<Uuid>) {
        self.by_email.iter().map(|(email, flight)| (email.clone(), flight.lease)).unzip()
    }

    /// Those that are still ours hold until a later moment; every other flight is called off.
    pub(super) fn keep_only(&mut self, ours: &[String], until: Instant) {
        self.by_email.retain(|email, flight| {
            let kept = ours.contains(email);
            if kept {
                flight.hold.move_on(until);
            } else {
                tracing::warn!(%email, "the lease was lost: calling the attempt off");
                flight.called_off.cancel();
            }
            kept
        });
    }

    pub(super) fn call_all_off(&self) {
        for flight in self.by_email.values() {
            flight.called_off.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn flight(tenant: &str) -> Flight {
        let (hold, called_off) = (Hold::until(Instant::now()), CancellationToken::new());
        let (tenant, lease) = (tenant.to_owned(), Uuid::from_u128(1));
        Flight { tenant, lease, since: Instant::now(), hold, called_off }
    }

    #[test]
    fn a_relay_that_hangs_keeps_its_tenant_from_having_more_on_the_way() {
        let mut flights = Flights::new(32);
        assert_eq!((flights.sated(), flights.left()), (vec![], 2));
        flights.add("1", flight("a"));
        assert_eq!((flights.sated(), flights.left()), (vec![], 1));
        flights.add("2", flight("a"));
        flights.add("3", flight("b"));
        assert_eq!((flights.sated(), flights.left()), (vec!["a".to_owned()], 1));
    }

    #[test]
    fn who_is_quick_may_have_more() {
        let mut flights = Flights::new(32);
        let quick = flight("a");
        flights.add("1", quick.clone());
        flights.end("1", quick.lease, quick.since);
        flights.add("2", flight("a"));
        flights.add("3", flight("a"));
        assert_eq!((flights.sated(), flights.left()), (vec![], 2));
    }

    #[test]
    fn the_end_of_a_former_lease_ends_nothing() {
        let mut flights = Flights::new(32);
        flights.add("1", flight("a"));
        flights.end("1", Uuid::from_u128(2), Instant::now());
        assert_eq!(flights.len(), 1);
    }

    #[test]
    fn an_email_that_is_taken_anew_is_on_its_way_once() {
        let mut flights = Flights::new(32);
        let (former, latter) = (flight("a"), flight("a"));
        flights.add("1", former.clone());
        flights.add("1", latter.clone());
        assert!(former.called_off.is_cancelled() && !latter.called_off.is_cancelled());
        assert_eq!(flights.len(), 1);
    }

    #[test]
    fn what_is_not_ours_any_more_is_called_off() {
        let mut flights = Flights::new(32);
        let lost = flight("a");
        flights.add("1", lost.clone());
        let kept = flight("a");
        flights.add("2", kept.clone());
        assert!(!kept.hold.holds());
        flights.keep_only(&["2".to_owned()], Instant::now() + Duration::from_secs(3600));
        assert!(lost.called_off.is_cancelled() && !lost.hold.holds());
        assert!(!kept.called_off.is_cancelled() && kept.hold.holds());
        assert_eq!(flights.len(), 1);
    }
}
