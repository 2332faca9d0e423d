//! What is asked of a template, read with all its faults.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::fill::Filling;
use crate::commands::template::{CreateTemplate, UpdateTemplate};
use crate::commands::tenant::Change;
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::Problem;
use crate::values::{TemplateId, TemplateName, TemplatePart, TemplateSource, TenantId};

/// A template, or changes of one: `null` clears, and what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TemplateBody {
    /// 1 to 100 characters that no other template of the tenant has; it can be used in place of the id.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "welcome")]
    name: Field<String>,
    /// Handlebars; nothing is escaped.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Welcome, {{name}}")]
    subject: Field<String>,
    /// Handlebars; what is filled in is escaped. At least one of `html` and `text`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "<p>Welcome, {{name}}</p>")]
    html: Field<String>,
    /// Handlebars; nothing is escaped. At least one of `html` and `text`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Welcome, {{name}}")]
    text: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// What a template is to be filled with, to look at it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PreviewBody {
    /// What the variables stand for.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({"name": "Ann"}))]
    template_data: Field<Map<String, Value>>,
    /// `false` leaves blank what `template_data` does not name; else that is an error.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    strict: Field<bool>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl TemplateBody {
    /// A new template, or all that is wrong.
    pub(super) fn into_creation(
        self,
        (tenant, template): (TenantId, TemplateId),
    ) -> Result<CreateTemplate, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let name = self.name.required("name", &mut faults);
        let name = name.and_then(|name| faults.keep("name", name.parse()));
        let source = TemplateSource {
            subject: part(self.subject, TemplatePart::Subject, &mut faults).over(None),
            html: part(self.html, TemplatePart::Html, &mut faults).over(None),
            text: part(self.text, TemplatePart::Text, &mut faults).over(None),
        };
        faults.done(name.map(|name| CreateTemplate { tenant, template, name, source }))
    }

    /// Changes of a template, or all that is wrong.
    pub(super) fn into_change(
        self,
        (tenant, template): (TenantId, TemplateId),
    ) -> Result<UpdateTemplate, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        if matches!(self.name, Field::Null) {
            faults.add("name", "a template has a name: leave the field out to keep it");
        }
        let name = self.name.parsed::<TemplateName>("name", &mut faults);
        let subject = part(self.subject, TemplatePart::Subject, &mut faults);
        let html = part(self.html, TemplatePart::Html, &mut faults);
        let text = part(self.text, TemplatePart::Text, &mut faults);
        faults.done(Some(UpdateTemplate { tenant, template, name, subject, html, text }))
    }
}

/// A part as it was written; it is parsed to say what is wrong with it. An empty one is none.
fn part(field: Field<String>, part: TemplatePart, faults: &mut Faults) -> Change<String> {
    let name = part.to_string();
    match field.change(&name, faults) {
        Change::Set(text) if text.is_empty() => Change::Clear,
        Change::Set(text) => {
            faults.keep(&name, part.parse(&text)).map_or(Change::Keep, |_| Change::Set(text))
        }
        kept @ (Change::Keep | Change::Clear) => kept,
    }
}

impl PreviewBody {
    /// What fills it, or all that is wrong.
    pub(super) fn read(self, faults: &mut Faults) -> Filling {
        faults.unknown("", &self.unknown);
        Filling::read(self.template_data, self.strict, faults)
    }
}
