//! A template as it is written: a subject, HTML and text, each of which may be left out.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::{RenderFault, SyntaxFault};
use super::render::{Blanks, TemplateData, TemplateText};
use crate::values::TemplateId;

/// The most that one part of a template may hold, in bytes.
const LARGEST: usize = 256 * 1024;

/// The most that a subject may hold, in bytes: lists show it.
const LARGEST_SUBJECT: usize = 8 * 1024;

/// What a template is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSource {
    /// Of one line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// Of which what is filled in is escaped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub html: Option<String>,
    /// Of which nothing is escaped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

/// A version of a template: what an email was rendered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// Which template.
    pub id: TemplateId,
    /// Which version of it, from one.
    pub version: i64,
}

/// One of the parts of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// The subject.
    Subject,
    /// The HTML.
    Html,
    /// The text.
    Text,
}

/// A template that can be filled.
#[derive(Clone, Debug)]
pub struct ParsedTemplate {
    subject: Option<TemplateText>,
    html: Option<TemplateText>,
    text: Option<TemplateText>,
}

/// A template that is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Not checked to be one line.
    pub subject: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// The text.
    pub text: Option<String>,
}

impl TemplatePart {
    /// Parses one part as it will be shown.
    pub fn parse(self, text: &str) -> Result<TemplateText, SyntaxFault> {
        let most = if self == Self::Subject { LARGEST_SUBJECT } else { LARGEST };
        if text.len() > most {
            return Err(SyntaxFault::at((1, 1), format!("too large: at most {most} bytes")));
        }
        match self {
            Self::Subject if text.chars().any(|c| c.is_control() && c != '\t') => {
                Err(SyntaxFault::at((1, 1), "a subject is one line, without control characters"))
            }
            Self::Html | Self::Text if text.contains('\0') => {
                Err(SyntaxFault::at((1, 1), "a body holds no NUL characters"))
            }
            Self::Html => TemplateText::html(text),
            Self::Subject | Self::Text => TemplateText::plain(text),
        }
    }
}

impl fmt::Display for TemplatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        })
    }
}

impl TemplateSource {
    /// Parses all parts, or says where the first broken one is broken.
    pub fn parse(&self) -> Result<ParsedTemplate, SyntaxFault> {
        let part = |part: TemplatePart, text: &Option<String>| {
            text.as_deref().map(|text| part.parse(text)).transpose()
        };
        Ok(ParsedTemplate {
            subject: part(TemplatePart::Subject, &self.subject)?,
            html: part(TemplatePart::Html, &self.html)?,
            text: part(TemplatePart::Text, &self.text)?,
        })
    }
}

impl ParsedTemplate {
    /// Fills all parts but the one to be left out, or says of each what was wrong with it.
    pub fn render(
        &self,
        data: &TemplateData,
        blanks: Blanks,
        left_out: Option<TemplatePart>,
    ) -> Result<Rendered, Vec<(TemplatePart, RenderFault)>> {
        let mut faults = Vec::new();
        let mut part = |part: TemplatePart, text: &Option<TemplateText>| {
            let text = text.as_ref().filter(|_| left_out != Some(part))?;
            let filled = text.render(data, blanks);
            filled.map_err(|fault| faults.push((part, fault))).ok()
        };
        let rendered = Rendered {
            subject: part(TemplatePart::Subject, &self.subject),
            html: part(TemplatePart::Html, &self.html),
            text: part(TemplatePart::Text, &self.text),
        };
        if faults.is_empty() { Ok(rendered) } else { Err(faults) }
    }
}
