//! What is on its way: whose, under which lease, and how to call it off.

use std::collections::HashMap;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One mail on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) tenant: String,
    pub(super) lease: Uuid,
    pub(super) called_off: CancellationToken,
}

/// All mails on their way, by their ids.
#[derive(Debug, Default)]
pub(super) struct Flights(HashMap<String, Flight>);

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a flight. If its lease ran out under our hands, the former attempt is not ours any more,
    /// and two at once would send the mail twice.
    pub(super) fn add(&mut self, email: String, flight: Flight) {
        if let Some(former) = self.0.insert(email, flight) {
            former.called_off.cancel();
        }
    }

    /// Ends a flight; one that was taken anew under another lease meanwhile goes on.
    pub(super) fn end(&mut self, email: &str, lease: Uuid) {
        if self.0.get(email).is_some_and(|flight| flight.lease == lease) {
            self.0.remove(email);
        }
    }

    pub(super) fn has(&self, email: &str) -> bool {
        self.0.contains_key(email)
    }

    /// The tenants that have so many on their way already.
    pub(super) fn sated(&self, share: usize) -> Vec<String> {
        let mut count: HashMap<&str, usize> = HashMap::new();
        for flight in self.0.values() {
            *count.entry(&flight.tenant).or_default() += 1;
        }
        let sated = count.into_iter().filter(|(_, count)| *count >= share);
        sated.map(|(tenant, _)| tenant.to_owned()).collect()
    }

    /// The most that one tenant has on its way.
    pub(super) fn most_of_one(&self) -> usize {
        let mut count: HashMap<&str, usize> = HashMap::new();
        for flight in self.0.values() {
            *count.entry(&flight.tenant).or_default() += 1;
        }
        count.into_values().max().unwrap_or(0)
    }

    pub(super) fn emails_and_leases(&self) -> (Vec<String>, Vec<Uuid>) {
        self.0.iter().map(|(email, flight)| (email.clone(), flight.lease)).unzip()
    }

    /// Calls off every flight that is not among those that are still ours.
    pub(super) fn keep_only(&mut self, ours: &[String]) {
        self.0.retain(|email, flight| {
            let kept = ours.contains(email);
            if !kept {
                tracing::warn!(%email, "the lease was lost: calling the attempt off");
                flight.called_off.cancel();
            }
            kept
        });
    }

    pub(super) fn call_all_off(&self) {
        for flight in self.0.values() {
            flight.called_off.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(tenant: &str) -> Flight {
        let called_off = CancellationToken::new();
        Flight { tenant: tenant.to_owned(), lease: Uuid::from_u128(1), called_off }
    }

    #[test]
    fn who_has_its_share_is_sated() {
        let mut flights = Flights::default();
        flights.add("1".to_owned(), flight("a"));
        flights.add("2".to_owned(), flight("a"));
        flights.add("3".to_owned(), flight("b"));
        assert_eq!(flights.sated(2), ["a"]);
        assert_eq!(flights.most_of_one(), 2);
    }

    #[test]
    fn an_email_that_is_taken_anew_is_on_its_way_once() {
        let mut flights = Flights::default();
        let (former, latter) = (flight("a"), flight("a"));
        flights.add("1".to_owned(), former.clone());
        flights.add("1".to_owned(), latter.clone());
        assert!(former.called_off.is_cancelled() && !latter.called_off.is_cancelled());
        assert_eq!(flights.len(), 1);
    }

    #[test]
    fn what_is_not_ours_any_more_is_called_off() {
        let mut flights = Flights::default();
        let lost = flight("a");
        flights.add("1".to_owned(), lost.clone());
        flights.add("2".to_owned(), flight("a"));
        flights.keep_only(&["2".to_owned()]);
        assert!(lost.called_off.is_cancelled());
        assert_eq!(flights.len(), 1);
    }
}
