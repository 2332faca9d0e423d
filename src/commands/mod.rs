//! Everything that the service can be asked to do, in the imperative.
//!
//! A command is one file: what is asked, why it may be refused, and a pure `decide` over the past of its
//! stream, with its given/when/then tests. To add one: the file, its line in the noun's `mod.rs`, and
//! whoever asks it. Only the [`executor`] appends.

pub mod api_key;
pub mod batch;
pub mod context;
pub mod domain;
pub mod email;
mod error;
pub mod executor;
pub mod past;
mod recording;
pub mod suppression;
pub mod template;
pub mod tenant;
#[cfg(test)]
mod testing;
pub mod usage;
pub mod webhook;

use crate::events::store::append::{Guard, SealedContent};
use crate::events::{Fact, Recorded, Stream};
use crate::values::{TenantId, Timestamp};

pub use error::CommandError;
use tenant::TenantState;

/// What a decision remembers of a stream's past.
pub trait State: Clone + Default + Send + Sync + 'static {
    /// Takes in one more fact. It cannot fail: what happened has happened.
    fn evolve(&mut self, recorded: &Recorded);
}

/// Something that is asked for.
pub trait Command: Sync {
    /// What it decides upon.
    type State: State;
    /// Why it may be refused.
    type Refusal: Send;

    /// The stream whose past it decides upon.
    fn stream(&self) -> Stream;

    /// True for a stream that was named just now: it has no past to load.
    fn begins(&self) -> bool {
        false
    }

    /// The tenant on whose state it relies besides its own stream.
    fn relies_on(&self) -> Option<TenantId> {
        None
    }

    /// Decides. An unknown tenant is given to commands that rely on none.
    fn decide(
        &self,
        state: &Self::State,
        tenant: &TenantState,
        now: Timestamp,
    ) -> Result<Decision, Self::Refusal>;
}

/// What is to be recorded; no facts mean "already so".
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// What happened, to the command's own stream, to the tenant's on which it relies, or to streams that
    /// begin with it.
    pub facts: Vec<Fact>,
    /// What must hold besides.
    pub guards: Vec<Guard>,
    /// Contents to keep beside the facts.
    pub contents: Option<SealedContent>,
}

impl Decision {
    /// These facts, without conditions.
    pub fn of(facts: Vec<Fact>) -> Self {
        Self { facts, ..Self::default() }
    }

    /// It is so already.
    pub fn already() -> Self {
        Self::default()
    }

    /// Only if this holds too.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }
}
