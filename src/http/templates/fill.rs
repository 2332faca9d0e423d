//! Fills a template with what a caller gave, and says all that is wrong with that.

use serde_json::{Map, Value};

use super::shelf::weight;
use crate::http::field::{Faults, Field, shown, written};
use crate::projections::templates::TemplateRow;
use crate::values::{
    Blanks, ParsedTemplate, RenderFault, Subject, SyntaxFault, TemplateData, TemplatePart,
    TemplateRef, TemplateSource,
};

/// The most that fills one email, in bytes of JSON.
const MOST_DATA: usize = 128 * 1024;

written! {
    Map<String, Value> = "an object",
}

/// A template that was parsed, to be filled as often as one likes.
#[derive(Debug)]
pub struct Ready {
    id: String,
    version: i64,
    parsed: Result<ParsedTemplate, SyntaxFault>,
    weight: u32,
}

impl Ready {
    /// This template. Parsing takes its time.
    pub fn of(row: TemplateRow) -> Self {
        let parts = [&row.subject, &row.html, &row.text].into_iter().flatten();
        let weight = weight(parts.map(String::as_str));
        let source = TemplateSource { subject: row.subject, html: row.html, text: row.text };
        Self { id: row.id, version: row.version, parsed: source.parse(), weight }
    }

    /// What it takes to keep it, in bytes, about.
    pub(super) fn weight(&self) -> u32 {
        self.weight
    }
}

/// What a template is to be filled with.
#[derive(Debug)]
pub struct Filling {
    data: Value,
    blanks: Blanks,
    /// True if anything was said of it.
    pub is_given: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Filled {
    /// Which version of which template.
    pub template: TemplateRef,
    /// The subject; empty if there is none.
    pub subject: Subject,
    /// The HTML.
    pub html: Option<String>,
    /// The text.
    pub text: Option<String>,
}

impl Filling {
    /// Reads `template_data` and `strict`.
    pub fn read(data: Field<Map<String, Value>>, strict: Field<bool>, faults: &mut Faults) -> Self {
        let absent = (&data, &strict);
        let is_given =
            !matches!(absent, (Field::Absent | Field::Null, Field::Absent | Field::Null));
        let data = Value::Object(data.optional("template_data", faults).unwrap_or_default());
        if serde_json::to_vec(&data).is_ok_and(|text| text.len() > MOST_DATA) {
            faults.add("template_data", format!("too large: at most {MOST_DATA} bytes of JSON"));
        }
        let strict = strict.optional("strict", faults).unwrap_or(true);
        let blanks = if strict { Blanks::Refused } else { Blanks::Allowed };
        Self { data, blanks, is_given }
    }
}

/// Fills a template; a subject that was given counts in place of the template's own. What was read before
/// and found wrong is not filled in.
pub fn fill(
    template: &Ready,
    filling: &Filling,
    subject: Option<String>,
    faults: &mut Faults,
) -> Option<Filled> {
    if faults.names("template_data") {
        return None;
    }
    let id = faults.keep("template_id", template.id.parse())?;
    let parsed = faults.keep("template_id", template.parsed.as_ref())?;
    let data = TemplateData::new(&filling.data)?;
    let left_out = subject.as_ref().map(|_| TemplatePart::Subject);
    metrics::counter!("selfmx_templates_filled").increment(1);
    let rendered = match parsed.render(&data, filling.blanks, left_out) {
        Ok(rendered) => rendered,
        Err(all) => {
            tell(all, faults);
            return None;
        }
    };
    for (part, text) in [("html", &rendered.html), ("text", &rendered.text)] {
        if text.as_deref().is_some_and(|text| text.contains('\0')) {
            faults.add("template_data", format!("{part} would hold NUL characters"));
        }
    }
    // What fills a subject could be more than a line, and then a header of its own.
    let subject = subject.or(rendered.subject).unwrap_or_default();
    let subject = faults.keep("subject", Subject::new(&subject))?;
    let template = TemplateRef { id, version: template.version };
    Some(Filled { template, subject, html: rendered.html, text: rendered.text })
}

/// Each missing variable is one fault, however many parts of the template name it.
fn tell(all: Vec<(TemplatePart, RenderFault)>, faults: &mut Faults) {
    for (part, fault) in all {
        if let RenderFault::Missing(names) = fault {
            for name in names {
                let field = format!("template_data.{}", shown(&name));
                if !faults.names(&field) {
                    faults.add(field, "the template needs this variable");
                }
            }
        } else {
            faults.add("template_id", format!("{part}: {fault}"));
        }
    }
}
