//! Templates as they are now, each with its versions: in step, since the next email is made of them.

mod projector;
mod read;

pub use projector::Templates;
pub use read::{TemplateRow, TemplateSummary, count, find, find_by_name, list, versions};
