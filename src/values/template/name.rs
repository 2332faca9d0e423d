//! What a template is called.

use std::fmt;
use std::str::FromStr;

use crate::values::TemplateId;
use crate::values::text::{has_control, serde_by_text};

/// So many characters at most.
const MOST: usize = 100;

/// One line that names a template within its tenant; never mistaken for an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateName(String);

/// Why a text is no name of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateNameError {
    /// Nothing, too much, or more than a line.
    #[error("give 1 to {MOST} characters in one line")]
    Line,
    /// It could be meant as an id.
    #[error("a name cannot begin with {}, as ids do", TemplateId::PREFIX)]
    LikeAnId,
}

impl FromStr for TemplateName {
    type Err = TemplateNameError;

    fn from_str(text: &str) -> Result<Self, TemplateNameError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MOST || has_control(text) {
            return Err(TemplateNameError::Line);
        }
        if text.starts_with(TemplateId::PREFIX) {
            return Err(TemplateNameError::LikeAnId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_by_text!(TemplateName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_no_id() {
        assert_eq!(" Welcome 2 ".parse::<TemplateName>().unwrap().to_string(), "Welcome 2");
        for text in ["", "  ", "a\nb", "a\0", &"ä".repeat(101)] {
            assert_eq!(text.parse::<TemplateName>(), Err(TemplateNameError::Line), "{text:?}");
        }
        assert_eq!("tmpl_x".parse::<TemplateName>(), Err(TemplateNameError::LikeAnId));
    }
}
