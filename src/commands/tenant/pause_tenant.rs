//! A tenant's sending is stopped for a while, or goes on.

use super::{Standing, TenantState};
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, TenantEvent};
use crate::values::{TenantId, Timestamp};

/// Asks that the tenant may read but not send.
#[derive(Clone, Copy, Debug)]
pub struct SuspendTenant {
    /// Which.
    pub tenant: TenantId,
}

/// Asks that the tenant may send again.
#[derive(Clone, Copy, Debug)]
pub struct ResumeTenant {
    /// Which.
    pub tenant: TenantId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is deleted.
    #[error("there is no such tenant")]
    NotFound,
}

impl Command for SuspendTenant {
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
        change(state, self.tenant, Standing::Suspended, TenantEvent::Suspended)
    }
}

impl Command for ResumeTenant {
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
        change(state, self.tenant, Standing::Active, TenantEvent::Resumed)
    }
}

fn change(
    state: &TenantState,
    id: TenantId,
    wanted: Standing,
    event: TenantEvent,
) -> Result<Decision, Refusal> {
    let tenant = state.living().ok_or(Refusal::NotFound)?;
    if tenant.standing == wanted {
        return Ok(Decision::already());
    }
    Ok(Decision::of(vec![Fact::Tenant(id, event)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::tenant::TenantCreated;
    use crate::values::{RateLimit, TenantSettings};

    fn created(tenant: TenantId) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: None,
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        Fact::Tenant(tenant, TenantEvent::Created(created))
    }

    #[test]
    fn suspending_twice_is_suspending_once() {
        let tenant = TenantId::at(now());
        let suspended = Fact::Tenant(tenant, TenantEvent::Suspended);
        let command = SuspendTenant { tenant };
        given([created(tenant)]).when(&command).then(std::slice::from_ref(&suspended));
        given([created(tenant), suspended]).when(&command).then(&[]);
    }

    #[test]
    fn only_a_suspended_tenant_resumes() {
        let tenant = TenantId::at(now());
        let resumed = Fact::Tenant(tenant, TenantEvent::Resumed);
        let command = ResumeTenant { tenant };
        given([created(tenant)]).when(&command).then(&[]);
        given([created(tenant), Fact::Tenant(tenant, TenantEvent::Suspended)])
            .when(&command)
            .then(&[resumed]);
        given([]).when(&command).then_refused(&Refusal::NotFound);
    }
}
