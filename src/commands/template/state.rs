//! What decisions know of a template.

use crate::commands::State;
use crate::events::template::TemplateVersion;
use crate::events::{Fact, Recorded, TemplateEvent};
use crate::values::{TemplateName, TemplateSource, Timestamp};

/// A template's past, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateState {
    template: Option<Template>,
    deleted: bool,
}

/// A template as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is called.
    pub name: TemplateName,
    /// What it is made of.
    pub source: TemplateSource,
    /// Which version that is, from one.
    pub version: i64,
    /// When its first version was saved.
    pub created_at: Timestamp,
    /// When this one was.
    pub updated_at: Timestamp,
}

impl TemplateState {
    /// The template, unless it was never there or is deleted.
    pub fn living(&self) -> Option<&Template> {
        self.template.as_ref().filter(|_| !self.deleted)
    }

    /// The template, deleted or not.
    pub fn ever(&self) -> Option<&Template> {
        self.template.as_ref()
    }
}

impl State for TemplateState {
    fn evolve(&mut self, recorded: &Recorded) {
        let Fact::Template(_, _, event) = &recorded.fact else { return };
        match event {
            TemplateEvent::Created(TemplateVersion { name, source })
            | TemplateEvent::Changed(TemplateVersion { name, source }) => {
                let former = self.template.as_ref();
                self.template = Some(Template {
                    name: name.clone(),
                    source: source.clone(),
                    version: former.map_or(0, |former| former.version) + 1,
                    created_at: former.map_or(recorded.at, |former| former.created_at),
                    updated_at: recorded.at,
                });
            }
            TemplateEvent::Deleted => self.deleted = true,
        }
    }
}
