//! A new version of a template; what is absent stays.

use super::{Template, TemplateState, claim, release};
use crate::commands::tenant::{Change, TenantState};
use crate::commands::{Command, Decision};
use crate::events::template::TemplateVersion;
use crate::events::{Fact, Stream, TemplateEvent};
use crate::values::{TemplateId, TemplateName, TemplateSource, TenantId, Timestamp};

/// Asks for a new version.
#[derive(Clone, Debug)]
pub struct UpdateTemplate {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub template: TemplateId,
    /// Another name.
    pub name: Option<TemplateName>,
    /// Another subject, or none; it has been parsed.
    pub subject: Change<String>,
    /// Other HTML, or none; it has been parsed.
    pub html: Change<String>,
    /// Another text, or none; it has been parsed.
    pub text: Change<String>,
}

/// Why there is no new version.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, it is deleted, or it is another tenant's: the caller cannot tell which.
    #[error("there is no such template")]
    NotFound,
    /// Nothing would be sent.
    #[error("keep html, text or both")]
    Empty,
}

impl Command for UpdateTemplate {
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
        let now = state.living().ok_or(Refusal::NotFound)?;
        let version = self.over(now);
        if version.source.html.is_none() && version.source.text.is_none() {
            return Err(Refusal::Empty);
        }
        if version.name == now.name && version.source == now.source {
            return Ok(Decision::already());
        }
        let (tenant, template) = (self.tenant, self.template);
        let guards = if version.name == now.name {
            Vec::new()
        } else {
            vec![release(tenant, template, &now.name), claim(tenant, template, &version.name)]
        };
        let event = TemplateEvent::Changed(version);
        let facts = vec![Fact::Template(tenant, template, event)];
        Ok(Decision { facts, guards, contents: None })
    }
}

impl UpdateTemplate {
    fn over(&self, now: &Template) -> TemplateVersion {
        TemplateVersion {
            name: self.name.clone().unwrap_or_else(|| now.name.clone()),
            source: TemplateSource {
                subject: self.subject.over(now.source.subject.as_ref()),
                html: self.html.over(now.source.html.as_ref()),
                text: self.text.over(now.source.text.as_ref()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::{given, now};
    use crate::events::store::append::Guard;

    fn version(name: &str, html: Option<&str>, text: Option<&str>) -> TemplateVersion {
        let source = TemplateSource {
            subject: None,
            html: html.map(ToOwned::to_owned),
            text: text.map(ToOwned::to_owned),
        };
        TemplateVersion { name: name.parse().unwrap(), source }
    }

    fn nothing() -> UpdateTemplate {
        UpdateTemplate {
            tenant: TenantId::at(now()),
            template: TemplateId::at(now()),
            name: None,
            subject: Change::Keep,
            html: Change::Keep,
            text: Change::Keep,
        }
    }

    fn fact(command: &UpdateTemplate, event: TemplateEvent) -> Fact {
        Fact::Template(command.tenant, command.template, event)
    }

    #[test]
    fn a_version_is_whole_and_one_like_the_last_is_none() {
        let same = UpdateTemplate { text: Change::Set("Hi".to_owned()), ..nothing() };
        let created = TemplateEvent::Created(version("a", None, Some("Hi")));
        given([fact(&same, created.clone())]).when(&same).then(&[]);
        let html = UpdateTemplate { html: Change::Set("<p>".to_owned()), ..nothing() };
        let changed = TemplateEvent::Changed(version("a", Some("<p>"), Some("Hi")));
        let guards = given([fact(&html, created)]).when(&html).then(&[fact(&html, changed)]);
        assert_eq!(guards, []);
    }

    #[test]
    fn another_name_is_claimed_and_the_former_one_released() {
        let command = UpdateTemplate { name: Some("b".parse().unwrap()), ..nothing() };
        let created = TemplateEvent::Created(version("a", None, Some("Hi")));
        let changed = TemplateEvent::Changed(version("b", None, Some("Hi")));
        let guards =
            given([fact(&command, created)]).when(&command).then(&[fact(&command, changed)]);
        assert!(matches!(&guards[..], [Guard::Release { .. }, Guard::Claim { .. }]));
    }

    #[test]
    fn nothing_is_left_of_a_deleted_one_and_something_is_left_of_a_living_one() {
        let empty = UpdateTemplate { text: Change::Clear, ..nothing() };
        let created = fact(&empty, TemplateEvent::Created(version("a", None, Some("Hi"))));
        given([created.clone()]).when(&empty).then_refused(&Refusal::Empty);
        given([created, fact(&empty, TemplateEvent::Deleted)])
            .when(&empty)
            .then_refused(&Refusal::NotFound);
    }
}
