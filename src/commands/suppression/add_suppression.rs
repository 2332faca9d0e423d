//! An address goes on a tenant's suppression list.

use super::SuppressionState;
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::suppression::{Suppressed, SuppressionAdded};
use crate::events::{Fact, Stream, SuppressionEvent};
use crate::values::{
    Address, EmailId, Personal, SuppressionId, SuppressionReason, TenantId, Timestamp,
};

/// Asks that mail go to an address no more.
#[derive(Clone, Debug)]
pub struct AddSuppression {
    /// Whose list.
    pub tenant: TenantId,
    /// By what the address is named.
    pub id: SuppressionId,
    /// To whom.
    pub address: Address,
    /// Why.
    pub reason: SuppressionReason,
    /// The mail that bounced or was complained of.
    pub email: Option<EmailId>,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
}

impl Command for AddSuppression {
    type State = SuppressionState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::suppression(self.tenant, self.id)
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        state: &SuppressionState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        if tenant.living().is_none() {
            return Err(Refusal::NoTenant);
        }
        // Told twice of one bounce, we must not undo that somebody has taken the address off the list between.
        if state.on_it().is_some() || self.email.is_some_and(|email| state.was_caused_by(email)) {
            return Ok(Decision::already());
        }
        let personal = Personal::Known(Suppressed { address: self.address.clone() });
        let added = SuppressionAdded { reason: self.reason, email: self.email, personal };
        Ok(Decision::of(vec![Fact::Suppression(
            self.tenant,
            self.id,
            SuppressionEvent::Added(added),
        )]))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::commands::email::send_email::tests::tenant;
    use crate::commands::testing::{given, now};
    use crate::events::TenantEvent;

    pub(in crate::commands::suppression) fn add(email: Option<EmailId>) -> AddSuppression {
        AddSuppression {
            tenant: TenantId::at(now()),
            id: "supp_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
            address: "ann@example.org".parse().unwrap(),
            reason: SuppressionReason::HardBounce,
            email,
        }
    }

    pub(in crate::commands::suppression) fn added(asked: &AddSuppression) -> Fact {
        let personal = Personal::Known(Suppressed { address: asked.address.clone() });
        let added = SuppressionAdded { reason: asked.reason, email: asked.email, personal };
        Fact::Suppression(asked.tenant, asked.id, SuppressionEvent::Added(added))
    }

    pub(in crate::commands::suppression) fn removed(asked: &AddSuppression) -> Fact {
        Fact::Suppression(asked.tenant, asked.id, SuppressionEvent::Removed)
    }

    fn acme(asked: &AddSuppression) -> Fact {
        tenant(asked.tenant, Some("acme.com"))
    }

    #[test]
    fn an_address_is_on_the_list_once() {
        let asked = add(Some(EmailId::at(now())));
        given([]).and_tenant([acme(&asked)]).when(&asked).then(&[added(&asked)]);
        given([added(&asked)]).and_tenant([acme(&asked)]).when(&asked).then(&[]);
    }

    #[test]
    fn the_same_bounce_does_not_bring_back_what_was_taken_off_and_another_does() {
        let asked = add(Some(EmailId::at(now())));
        let past = || [added(&asked), removed(&asked)];
        given(past()).and_tenant([acme(&asked)]).when(&asked).then(&[]);
        let other = AddSuppression { email: Some(EmailId::at(now())), ..asked.clone() };
        given(past()).and_tenant([acme(&asked)]).when(&other).then(&[added(&other)]);
        let by_hand = AddSuppression { email: None, ..asked.clone() };
        given(past()).and_tenant([acme(&asked)]).when(&by_hand).then(&[added(&by_hand)]);
    }

    #[test]
    fn a_deleted_tenant_has_no_list() {
        let asked = add(None);
        given([])
            .and_tenant([acme(&asked), Fact::Tenant(asked.tenant, TenantEvent::Deleted)])
            .when(&asked)
            .then_refused(&Refusal::NoTenant);
    }
}
