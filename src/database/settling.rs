//! Whoever reads the usage has the counted requests made facts first, instead of waiting for the next
//! round of whoever does so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, mpsc, oneshot};
use tokio::time::timeout;

use crate::values::{TenantId, Timestamp};

/// So long a reader waits; then it is told what is known.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many readers may wait; the others are told what is known.
const READERS: usize = 1_024;

/// Brings readers and the one who makes facts together. Clones share it.
#[derive(Clone, Debug)]
pub struct Settling {
    ask: mpsc::Sender<Wish>,
    asked: Arc<Turn<mpsc::Receiver<Wish>>>,
    until: Arc<Mutex<Option<Timestamp>>>,
}

/// A reader waits for a tenant's requests, or for all.
#[derive(Debug)]
pub struct Wish {
    /// Whose; none: everybody's.
    pub whose: Option<TenantId>,
    granted: oneshot::Sender<()>,
}

impl Wish {
    /// Tells the reader that it is so. Dropped, it tells that it is not.
    pub fn grant(self) {
        // The reader may have gone.
        let _ = self.granted.send(());
    }
}

impl Default for Settling {
    fn default() -> Self {
        let (ask, asked) = mpsc::channel(READERS);
        Self { ask, asked: Arc::new(Turn::new(asked)), until: Arc::default() }
    }
}

impl Settling {
    /// Waits, within bounds, until all requests counted so far are facts; says whether they are.
    pub async fn settled(&self, whose: Option<TenantId>) -> bool {
        let (granted, told) = oneshot::channel();
        if self.ask.try_send(Wish { whose, granted }).is_err() {
            return false;
        }
        timeout(PATIENCE, told).await.is_ok_and(|told| told.is_ok())
    }

    /// The wishes of readers: waits until there is one.
    pub async fn wishes(&self) -> Vec<Wish> {
        let mut wishes = Vec::new();
        self.asked.lock().await.recv_many(&mut wishes, READERS).await;
        wishes
    }

    /// Notes that all requests of before this moment are facts, everybody's.
    pub fn note(&self, moment: Timestamp) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Some(moment));
    }

    /// All requests of before this moment are facts, as far as this process knows.
    pub fn until(&self) -> Option<Timestamp> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_goes_on_when_its_wish_is_granted_or_given_up() {
        let settling = Settling::default();
        for grants in [true, false] {
            let serving = async {
                for wish in settling.wishes().await {
                    if grants {
                        wish.grant();
                    }
                }
            };
            let (settled, ()) = tokio::join!(settling.settled(None), serving);
            assert_eq!(settled, grants);
        }
    }

    #[test]
    fn what_is_settled_stays_so() {
        let (early, late) = ("2024-01-15T10:30:00Z", "2024-01-15T10:31:00Z");
        let settling = Settling::default();
        for moment in [late, early] {
            settling.note(moment.parse().unwrap());
        }
        assert_eq!(settling.until(), Some(late.parse().unwrap()));
    }
}
