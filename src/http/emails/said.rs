//! What an email says: written out in the request, or made of a template.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::field::{Faults, Field};
use crate::http::templates::fill::{Filling, Ready, fill};
use crate::values::{Subject, TemplateRef};

/// The template of an email, and what fills it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TemplateFields {
    /// The id or the name of a template, in place of `html` and `text`; its subject counts if none is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "welcome")]
    template_id: Field<String>,
    /// What the template's variables stand for.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({"name": "Ann"}))]
    template_data: Field<Map<String, Value>>,
    /// `false` leaves blank what `template_data` does not name; else that is an error.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    strict: Field<bool>,
}

/// What the request itself says.
pub(super) struct Written {
    pub(super) subject: Field<String>,
    pub(super) html: Field<String>,
    pub(super) text: Field<String>,
}

/// What the email says.
pub(super) struct Said {
    pub(super) subject: Subject,
    pub(super) html: Option<String>,
    pub(super) text: Option<String>,
    pub(super) template: Option<TemplateRef>,
}

impl TemplateFields {
    /// The template that is named, if one is.
    pub(super) fn named(&self) -> Option<&str> {
        match &self.template_id {
            Field::Given(name) => Some(name),
            Field::Absent | Field::Null | Field::Wrong => None,
        }
    }
}

impl Written {
    /// What the email says; `template` is what was found under the name.
    pub(super) fn read(
        self,
        fields: TemplateFields,
        template: Option<&Ready>,
        faults: &mut Faults,
    ) -> Option<Said> {
        let asked = !matches!(fields.template_id, Field::Absent | Field::Null);
        let filling = Filling::read(fields.template_data, fields.strict, faults);
        let named = fields.template_id.optional("template_id", faults);
        let subject = self.subject.optional("subject", faults);
        let html = body_of(self.html, "html", faults);
        let text = body_of(self.text, "text", faults);
        if !asked {
            if filling.is_given {
                faults.add("template_id", "name the template that is to be filled");
            }
            if html.is_none() && text.is_none() && !faults.names("html") && !faults.names("text") {
                faults.add("text", "give text, html or both, or a template_id");
            }
            let subject = faults.keep("subject", Subject::new(&subject.unwrap_or_default()))?;
            return Some(Said { subject, html, text, template: None });
        }
        for (field, given) in [("html", &html), ("text", &text)] {
            if given.is_some() {
                faults.add(field, "the template says this: leave the field out");
            }
        }
        named?;
        let Some(template) = template else {
            faults.add("template_id", "there is no such template");
            return None;
        };
        let filled = fill(template, &filling, subject, faults)?;
        Some(Said {
            subject: filled.subject,
            html: filled.html,
            text: filled.text,
            template: Some(filled.template),
        })
    }
}

/// An empty body is none.
fn body_of(field: Field<String>, name: &str, faults: &mut Faults) -> Option<String> {
    let text = field.optional(name, faults).filter(|text| !text.is_empty())?;
    if text.contains('\0') {
        faults.add(name, "a body holds no NUL characters");
        return None;
    }
    Some(text)
}
