//! What is on its way to webhooks, and how much more each may have.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::allowance::Allowances;

/// All notices on their way.
#[derive(Debug)]
pub(super) struct Flights {
    by_notice: HashMap<String, Flight>,
    allowances: Allowances,
}

/// One notice on its way.
#[derive(Debug)]
struct Flight {
    webhook: String,
    lease: Uuid,
    begun: Instant,
    /// It has ended, and what came of it is not kept yet.
    landed: bool,
}

impl Flights {
    /// Of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        Self { by_notice: HashMap::new(), allowances: Allowances::new(workers) }
    }

    pub(super) fn len(&self) -> usize {
        self.by_notice.len()
    }

    /// What is on its way.
    pub(super) fn notices(&self) -> Vec<String> {
        self.by_notice.keys().cloned().collect()
    }

    /// Under which leases.
    pub(super) fn leases(&self) -> Vec<Uuid> {
        self.by_notice.values().map(|flight| flight.lease).collect()
    }

    pub(super) fn begin(&mut self, notice: &str, webhook: &str, lease: Uuid) {
        let (webhook, begun) = (webhook.to_owned(), Instant::now());
        let flight = Flight { webhook, lease, begun, landed: false };
        self.by_notice.insert(notice.to_owned(), flight);
    }

    /// One has ended.
    pub(super) fn land(&mut self, notice: &str) {
        if let Some(flight) = self.by_notice.get_mut(notice) {
            flight.landed = true;
        }
    }

    /// True if one that has begun only lately has not ended.
    pub(super) fn any_young(&self, age: Duration) -> bool {
        self.by_notice.values().any(|flight| !flight.landed && flight.begun.elapsed() < age)
    }

    /// Ends one that took so long, if its receiver was asked at all; it makes place only now that what came
    /// of it is kept.
    pub(super) fn end(&mut self, notice: &str, took: Option<Duration>) {
        if let Some((flight, took)) = self.by_notice.remove(notice).zip(took) {
            self.allowances.learn(&flight.webhook, took);
        }
    }

    /// How many more each webhook may have that is known; any other may have [`first`](Self::first).
    pub(super) fn rooms(&self) -> (Vec<String>, Vec<i64>) {
        let mut has: HashMap<&str, usize> =
            self.allowances.learnt().map(|webhook| (webhook.as_str(), 0)).collect();
        for flight in self.by_notice.values() {
            *has.entry(&flight.webhook).or_default() += 1;
        }
        let room = |(webhook, has): (&str, usize)| {
            let left = self.allowances.of(webhook).saturating_sub(has);
            (webhook.to_owned(), i64::try_from(left).unwrap_or(0))
        };
        has.into_iter().map(room).unzip()
    }

    /// How many a webhook may have of which nothing is known.
    pub(super) fn first(&self) -> i64 {
        i64::try_from(self.allowances.first()).unwrap_or(1)
    }

    /// Nothing is due: what was learnt of those to whom nothing is on the way is forgotten.
    pub(super) fn rest(&mut self) {
        let flying = &self.by_notice;
        let known = |webhook: &str| flying.values().any(|flight| flight.webhook == webhook);
        self.allowances.forget_all_but(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(flights: &Flights, webhook: &str) -> i64 {
        let (webhooks, rooms) = flights.rooms();
        let known = webhooks.iter().position(|one| one == webhook);
        known.map_or(flights.first(), |place| rooms[place])
    }

    #[test]
    fn a_receiver_that_hangs_has_one_on_its_way() {
        let mut flights = Flights::new(64);
        flights.begin("1", "a", Uuid::nil());
        flights.begin("2", "a", Uuid::nil());
        assert_eq!((room(&flights, "a"), room(&flights, "b")), (0, 2));
        flights.end("1", Some(Duration::from_secs(10)));
        assert_eq!(room(&flights, "a"), 0);
        flights.end("2", Some(Duration::from_secs(10)));
        assert_eq!((room(&flights, "a"), room(&flights, "b")), (1, 2));
        flights.rest();
        assert_eq!(room(&flights, "a"), 2);
    }

    #[test]
    fn who_hangs_is_not_waited_for() {
        let mut flights = Flights::new(64);
        flights.begin("1", "a", Uuid::nil());
        assert!(!flights.any_young(Duration::ZERO));
        assert!(flights.any_young(Duration::MAX));
        flights.land("1");
        assert!(!flights.any_young(Duration::MAX));
    }

    #[test]
    fn of_a_receiver_that_was_not_asked_nothing_is_learnt() {
        let mut flights = Flights::new(64);
        flights.begin("1", "a", Uuid::nil());
        flights.end("1", None);
        assert_eq!((room(&flights, "a"), flights.len()), (2, 0));
    }
}
