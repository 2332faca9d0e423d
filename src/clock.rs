//! What time it is: the system's clock, or one that a test holds in its hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;

use crate::values::Timestamp;

/// Tells the time. Cheap to clone; clones of a held clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Held(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is told to go on.
    pub fn held_at(moment: Timestamp) -> Self {
        Self(Source::Held(Arc::new(Mutex::new(moment))))
    }

    /// The present moment, to the microsecond (what Postgres keeps).
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Utc::now().into(),
            Source::Held(moment) => *moment.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a held clock on; the system's cannot be moved, and is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Held(moment) = &self.0 {
            let mut moment = moment.lock().unwrap_or_else(PoisonError::into_inner);
            *moment = moment.plus(by);
        }
    }
}
