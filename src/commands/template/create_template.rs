//! A new template, under a name that no other of the tenant's has.

use super::{TemplateState, claim};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::template::TemplateVersion;
use crate::events::{Fact, Stream, TemplateEvent};
use crate::values::{TemplateId, TemplateName, TemplateSource, TenantId, Timestamp};

/// Asks for a new template.
#[derive(Clone, Debug)]
pub struct CreateTemplate {
    /// Whose.
    pub tenant: TenantId,
    /// Its id, new.
    pub template: TemplateId,
    /// What it is to be called.
    pub name: TemplateName,
    /// What it is made of; it has been parsed.
    pub source: TemplateSource,
}

/// Why there is no new template.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, or it is deleted.
    #[error("there is no such tenant")]
    NoTenant,
    /// Nothing would be sent.
    #[error("give html, text or both")]
    Empty,
}

impl Command for CreateTemplate {
    type State = TemplateState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::template(self.tenant, self.template)
    }

    fn begins(&self) -> bool {
        true
    }

    fn relies_on(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn decide(
        &self,
        state: &TemplateState,
        tenant: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        tenant.living().ok_or(Refusal::NoTenant)?;
        if state.ever().is_some() {
            return Ok(Decision::already());
        }
        if self.source.html.is_none() && self.source.text.is_none() {
            return Err(Refusal::Empty);
        }
        let version = TemplateVersion { name: self.name.clone(), source: self.source.clone() };
        let event = TemplateEvent::Created(version);
        let decision = Decision::of(vec![Fact::Template(self.tenant, self.template, event)]);
        Ok(decision.guarded(claim(self.tenant, self.template, &self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::TenantEvent;
    use crate::events::store::append::Guard;
    use crate::events::tenant::TenantCreated;
    use crate::values::{RateLimit, TenantSettings};

    fn acme(id: TenantId) -> Fact {
        let created = TenantCreated {
            name: "Acme".to_owned(),
            domain: None,
            settings: TenantSettings::default(),
            relay: None,
            rate_limit: RateLimit::default(),
        };
        Fact::Tenant(id, TenantEvent::Created(created))
    }

    fn create(text: Option<&str>) -> CreateTemplate {
        let text = text.map(ToOwned::to_owned);
        CreateTemplate {
            tenant: TenantId::at(now()),
            template: TemplateId::at(now()),
            name: "welcome".parse().unwrap(),
            source: TemplateSource { text, ..TemplateSource::default() },
        }
    }

    #[test]
    fn its_name_is_claimed_within_its_tenant() {
        let command = create(Some("Hi"));
        let version =
            TemplateVersion { name: command.name.clone(), source: command.source.clone() };
        let created =
            Fact::Template(command.tenant, command.template, TemplateEvent::Created(version));
        let guards = given([]).and_tenant([acme(command.tenant)]).when(&command).then(&[created]);
        let [Guard::Claim { name, .. }] = &guards[..] else { panic!("{guards:?}") };
        assert_eq!(*name, format!("{}/welcome", command.tenant));
    }

    #[test]
    fn a_template_of_nothing_and_one_of_nobody_are_refused() {
        let command = create(None);
        given([]).and_tenant([acme(command.tenant)]).when(&command).then_refused(&Refusal::Empty);
        given([]).when(&create(Some("Hi"))).then_refused(&Refusal::NoTenant);
    }
}
