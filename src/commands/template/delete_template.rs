//! The end of a template: mail that was made of it stays as it is.

use super::{TemplateState, release};
use crate::commands::tenant::TenantState;
use crate::commands::{Command, Decision};
use crate::events::{Fact, Stream, TemplateEvent};
use crate::values::{TemplateId, TenantId, Timestamp};

/// Asks for the end of a template.
#[derive(Clone, Copy, Debug)]
pub struct DeleteTemplate {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub template: TemplateId,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, it is deleted, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such template")]
    NotFound,
}

impl Command for DeleteTemplate {
    type State = TemplateState;
    type Refusal = Refusal;

    fn stream(&self) -> Stream {
        Stream::template(self.tenant, self.template)
    }

    fn decide(
        &self,
        state: &TemplateState,
        _: &TenantState,
        _: Timestamp,
    ) -> Result<Decision, Refusal> {
        let template = state.living().ok_or(Refusal::NotFound)?;
        let deleted = Fact::Template(self.tenant, self.template, TemplateEvent::Deleted);
        let decision = Decision::of(vec![deleted]);
        Ok(decision.guarded(release(self.tenant, self.template, &template.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::store::append::Guard;
    use crate::events::template::TemplateVersion;
    use crate::values::TemplateSource;

    #[test]
    fn its_name_is_free_again_and_it_ends_once() {
        let command =
            DeleteTemplate { tenant: TenantId::at(now()), template: TemplateId::at(now()) };
        let fact = |event| Fact::Template(command.tenant, command.template, event);
        let source = TemplateSource { text: Some("Hi".to_owned()), ..TemplateSource::default() };
        let version = TemplateVersion { name: "a".parse().unwrap(), source };
        let created = fact(TemplateEvent::Created(version));
        let deleted = [fact(TemplateEvent::Deleted)];
        let guards = given([created.clone()]).when(&command).then(&deleted);
        assert!(matches!(&guards[..], [Guard::Release { .. }]));
        given([created].into_iter().chain(deleted)).when(&command).then_refused(&Refusal::NotFound);
    }
}
