//! What can go wrong.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::support::relay::{Act, Step};

/// One thing that goes wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// A node is killed and started again.
    KilledNode(usize),
    /// Postgres is killed and started again.
    KilledPostgres,
    /// A node is paused for longer than its leases, and goes on.
    PausedNode(usize),
    /// For so many steps the relay does this.
    Relay(usize, Step, Act),
}

/// One of all that can go wrong, each kind as often.
pub(super) fn any(random: &mut StdRng) -> Fault {
    match random.random_range(0..4) {
        0 => Fault::KilledNode(random.random_range(0..2)),
        1 => Fault::KilledPostgres,
        2 => Fault::PausedNode(random.random_range(0..2)),
        _ => relay(random),
    }
}

fn relay(random: &mut StdRng) -> Fault {
    let manners = [
        (Step::Greeting, Act::Drop),
        (Step::Greeting, Act::Stall),
        (Step::Mail, Act::say("451 4.3.0 not now")),
        (Step::Data, Act::say("421 4.3.2 closing")),
        (Step::Data, Act::Stall),
        (Step::End, Act::say("452 4.3.1 disk full")),
        (Step::End, Act::Drop),
        (Step::End, Act::TakeAndDrop),
        (Step::End, Act::TakeAndStall),
    ];
    let (step, act) = manners[random.random_range(0..manners.len())].clone();
    Fault::Relay(random.random_range(1..=40), step, act)
}
