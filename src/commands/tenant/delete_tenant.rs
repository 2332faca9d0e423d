//! The end of a tenant: its domain is free again, its history stays.

use super::{TenantState, released};
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{TenantId, Timestamp};

/// Asks for the end of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct DeleteTenant {
    /// Which.
    pub tenant: TenantId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is deleted already.
    #[error("there is no such tenant")]
    NotFound,
}

impl Command for DeleteTenant {
    type State = TenantState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::tenant(self.tenant)
    }

    fn decide(
        &self,
        state: &TenantState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        let tenant = state.living().ok_or(Refusal::NotFound)?;
        let decision = Decision::of(vec![Fact::Tenant(self.tenant, TenantEvent::Deleted)]);
        Ok(Decision { guards: released(tenant), ..decision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};

    #[test]
    fn what_never_was_cannot_be_deleted() {
        let command = DeleteTenant { tenant: TenantId::at(now()) };
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
