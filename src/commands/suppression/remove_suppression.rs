//! An address is taken off a tenant's suppression list.

use super::SuppressionState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, SuppressionEvent};
use crate::values::{SuppressionId, TenantId, Timestamp};

/// Asks that mail go to an address again.
#[derive(Clone, Copy, Debug)]
pub struct RemoveSuppression {
    /// Whose list.
    pub tenant: TenantId,
    /// By what the address is named.
    pub id: SuppressionId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not there, or only on another tenant's list: the caller cannot tell which.
    #[error("this address is not on the suppression list")]
    NotFound,
}

impl Command for RemoveSuppression {
    type State = SuppressionState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::suppression(self.tenant, self.id)
    }

    fn decide(
        &self,
        state: &SuppressionState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        state.on_it().ok_or(Refusal::NotFound)?;
        let removed = SuppressionEvent::Removed;
        Ok(Decision::of(vec![Fact::Suppression(self.tenant, self.id, removed)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::suppression::add_suppression::tests::{add, added, removed};
    use crate::commands::testing::given;

    #[test]
    fn what_is_on_the_list_is_taken_off_and_nothing_else() {
        let asked = add(None);
        let remove = RemoveSuppression { tenant: asked.tenant, id: asked.id };
        given([added(&asked)]).when(&remove).then(&[removed(&asked)]);
        given([]).when(&remove).then_refused(&Refusal::NotFound);
        let past = [added(&asked), removed(&asked)];
        given(past).when(&remove).then_refused(&Refusal::NotFound);
    }
}
