//! How a template looks in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::fill::Filled;
use crate::commands::past::Done;
use crate::commands::template::TemplateState;
use crate::projections::templates::{TemplateRow, TemplateSummary};
use crate::values::{TemplateId, Timestamp};

/// A version of a template.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TemplateView {
    #[schema(example = "tmpl_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "welcome")]
    name: String,
    /// From one; every change makes a new one.
    #[schema(example = 1)]
    version: i64,
    subject: Option<String>,
    html: Option<String>,
    text: Option<String>,
    /// When the template was made.
    #[schema(example = "2024-01-15T10:30:00Z")]
    created_at: String,
    /// When this version was saved.
    #[schema(example = "2024-01-15T10:30:00Z")]
    updated_at: String,
}

/// A template as the list shows it: what it says is shown with it alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateSummaryView {
    #[schema(example = "tmpl_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "welcome")]
    name: String,
    /// From one; every change makes a new one.
    #[schema(example = 1)]
    version: i64,
    subject: Option<String>,
    /// When the template was made.
    #[schema(example = "2024-01-15T10:30:00Z")]
    created_at: String,
    /// When this version was saved.
    #[schema(example = "2024-01-15T10:30:00Z")]
    updated_at: String,
}

/// A template that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateDeleted {
    #[schema(value_type = String, example = "tmpl_01h455vb4pex5vsknk084sn02q")]
    pub(super) id: TemplateId,
    pub(super) deleted: bool,
}

/// What an email would say.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplatePreview {
    /// Of which version.
    version: i64,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl TemplateView {
    /// The template after a command.
    pub(super) fn after(done: &Done<TemplateState>, id: TemplateId) -> Self {
        let Some(template) = done.past.state.ever().cloned() else { return Self::default() };
        Self {
            id: id.to_string(),
            name: template.name.to_string(),
            version: template.version,
            subject: template.source.subject,
            html: template.source.html,
            text: template.source.text,
            created_at: template.created_at.to_string(),
            updated_at: template.updated_at.to_string(),
        }
    }
}

impl From<TemplateRow> for TemplateView {
    fn from(row: TemplateRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            subject: row.subject,
            html: row.html,
            text: row.text,
            created_at: Timestamp::from(row.created_at).to_string(),
            updated_at: Timestamp::from(row.updated_at).to_string(),
        }
    }
}

impl From<TemplateSummary> for TemplateSummaryView {
    fn from(row: TemplateSummary) -> Self {
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            subject: row.subject,
            created_at: Timestamp::from(row.created_at).to_string(),
            updated_at: Timestamp::from(row.updated_at).to_string(),
        }
    }
}

impl From<Filled> for TemplatePreview {
    fn from(filled: Filled) -> Self {
        Self {
            version: filled.template.version,
            subject: filled.subject.to_string(),
            html: filled.html,
            text: filled.text,
        }
    }
}
