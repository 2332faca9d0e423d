//! What can be asked of a template.

pub mod create_template;
pub mod delete_template;
mod state;
pub mod update_template;

use crate::events::store::append::Guard;
use crate::values::{TemplateId, TemplateName, TenantId};

pub use create_template::CreateTemplate;
pub use delete_template::DeleteTemplate;
pub use state::{Template, TemplateState};
pub use update_template::UpdateTemplate;

/// The sort of claim by which a name belongs to one template of its tenant's.
pub const TEMPLATE: &str = "template";

/// Names are unique within their tenant only.
fn claimed(tenant: TenantId, name: &TemplateName) -> String {
    format!("{tenant}/{name}")
}

fn claim(tenant: TenantId, template: TemplateId, name: &TemplateName) -> Guard {
    let owner = template.to_string();
    Guard::Claim { kind: TEMPLATE, name: claimed(tenant, name), owner }
}

fn release(tenant: TenantId, template: TemplateId, name: &TemplateName) -> Guard {
    let owner = template.to_string();
    Guard::Release { kind: TEMPLATE, name: claimed(tenant, name), owner }
}
