//! given / when / then, for the tests beside the commands.

use std::fmt::Debug;

use super::tenant::TenantState;
use super::{Command, Decision, State};
use crate::events::store::append::Guard;
use crate::events::{Fact, Recorded};
use crate::values::Timestamp;

/// The moment in which every test happens.
pub(crate) fn now() -> Timestamp {
    "2024-01-15T10:30:00Z".parse().expect("a moment")
}

/// A past.
pub(crate) struct Given {
    past: Vec<Fact>,
    tenant: Vec<Fact>,
}

/// What came of a command on that past.
pub(crate) struct Then<R> {
    result: Result<Decision, R>,
}

/// Facts of the command's own stream.
pub(crate) fn given(past: impl IntoIterator<Item = Fact>) -> Given {
    Given { past: past.into_iter().collect(), tenant: Vec::new() }
}

impl Given {
    /// Facts of the tenant that the command relies on.
    pub(crate) fn and_tenant(mut self, past: impl IntoIterator<Item = Fact>) -> Self {
        self.tenant = past.into_iter().collect();
        self
    }

    pub(crate) fn when<C: Command>(self, command: &C) -> Then<C::Refusal> {
        let state: C::State = fold(self.past);
        let tenant: TenantState = fold(self.tenant);
        Then { result: command.decide(&state, &tenant, now()) }
    }
}

impl<R: Debug + PartialEq> Then<R> {
    pub(crate) fn then(self, facts: &[Fact]) -> Vec<Guard> {
        let decision = self.result.expect("it is not refused");
        assert_eq!(decision.facts, facts);
        decision.guards
    }

    /// It is not refused; how many facts came of it.
    pub(crate) fn then_any(self) -> usize {
        self.result.expect("it is not refused").facts.len()
    }

    pub(crate) fn then_refused(self, refusal: &R) {
        assert_eq!(self.result.err().as_ref(), Some(refusal));
    }
}

fn fold<S: State>(facts: Vec<Fact>) -> S {
    let mut state = S::default();
    for fact in facts {
        state.evolve(&Recorded::imagined(fact, now()));
    }
    state
}
