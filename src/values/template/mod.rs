//! Templates of mail: checked when they are saved, so that rendering them later is safe and short.

mod check;
mod fault;
mod name;
mod nesting;
mod render;
mod source;
mod tags;
mod watch;

pub use fault::{RenderFault, SyntaxFault};
pub use name::{TemplateName, TemplateNameError};
pub use render::{Blanks, TemplateData, TemplateText};
pub use source::{ParsedTemplate, Rendered, TemplatePart, TemplateRef, TemplateSource};
