//! How many connections each peer has open, so that one cannot take all places.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections by peer. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of a peer's; it is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    /// None if the peer has as many as it may.
    pub(super) fn seat(&self, peer: IpAddr, most: usize) -> Option<Seat> {
        let peer = peer.to_canonical();
        let taken = self.counted(|counts| {
            let count = counts.entry(peer).or_default();
            let free = *count < most;
            *count += usize::from(free);
            free
        });
        taken.then(|| Seat { peers: self.clone(), peer })
    }

    fn counted<T>(&self, change: impl FnOnce(&mut HashMap<IpAddr, usize>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.peers.counted(|counts| {
            let Some(count) = counts.get_mut(&self.peer) else { return };
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.peer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_so_many_and_another_as_many() {
        let peers = Peers::default();
        let (one, other): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        let seats = (peers.seat(one, 2).unwrap(), peers.seat(mapped, 2).unwrap());
        assert!(peers.seat(one, 2).is_none());
        assert!(peers.seat(other, 2).is_some());
        drop(seats.0);
        assert!(peers.seat(one, 2).is_some());
        drop(seats.1);
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
