//! What can be asked of a tenant.

mod change;
pub mod create_tenant;
pub mod delete_tenant;
pub mod erase_tenant;
pub mod judge_reputation;
pub mod pause_tenant;
mod relay_change;
mod state;
pub mod update_tenant;

use crate::events::store::append::Guard;
use crate::values::HostName;

pub use change::Change;
pub use create_tenant::CreateTenant;
pub use delete_tenant::DeleteTenant;
pub use erase_tenant::EraseTenant;
pub use judge_reputation::{JudgeReputation, window};
pub use pause_tenant::{ResumeTenant, SuspendTenant};
pub use relay_change::{RelayChange, RelayFault};
pub use state::{Standing, Tenant, TenantState};
pub use update_tenant::{RateLimitChange, SettingsChange, UpdateTenant};

/// The sort of claim by which a domain has one owner at a time.
pub(super) const DOMAIN: &str = "domain";

/// Gives up every domain that a tenant has.
fn released(tenant: &Tenant) -> Vec<Guard> {
    let owner = tenant.id.to_string();
    let release = |name: &HostName| Guard::Release {
        kind: DOMAIN,
        name: name.to_string(),
        owner: owner.clone(),
    };
    tenant.claimed().map(release).collect()
}
