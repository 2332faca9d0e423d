//! What can happen to a template.

use serde::{Deserialize, Serialize};

use crate::values::{TemplateName, TemplateSource};

/// A template's life. Each version stands here as a whole, so that it can be read by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TemplateEvent {
    /// Its first version; its name is its own within the tenant.
    #[serde(rename = "template.created")]
    Created(TemplateVersion),
    /// A new version, also of what stayed.
    #[serde(rename = "template.changed")]
    Changed(TemplateVersion),
    /// No mail is made of it any more, and its name is free again.
    #[serde(rename = "template.deleted")]
    Deleted,
}

/// One version of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// What it is called.
    pub name: TemplateName,
    /// What it is made of.
    #[serde(flatten)]
    pub source: TemplateSource,
}
