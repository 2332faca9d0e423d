//! `/v1/tenants/{id}/api-keys`, for admins, and `/v1/api-keys`, for a tenant's own keys.

pub mod body;
pub mod create;
pub mod list;
pub mod revoke;
pub mod rotate;
pub mod view;

use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::{Caller, no_such_tenant};
use super::field::{Faults, Field, Unknown};
use super::problem::Problem;
use crate::values::{KeyId, TenantId};

/// Whose key is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OwnerQuery {
    /// For admins only, who must name it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    tenant_id: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

impl OwnerQuery {
    fn owner(self, caller: &Caller) -> Result<TenantId, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let named = self.tenant_id.optional("tenant_id", &mut faults);
        owner(caller, faults.done(Some(named))?.as_deref())
    }
}

/// The tenant whose keys a caller means: its own, or the one that an admin names.
fn owner(caller: &Caller, named: Option<&str>) -> Result<TenantId, Problem> {
    let named = named.map(|text| text.parse().map_err(|_| no_such_tenant())).transpose()?;
    match (caller.key.tenant, named) {
        (None, Some(named)) => Ok(named),
        (None, None) => Err(Problem::invalid_field("tenant_id", "an admin must name the tenant")),
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if own == named => Ok(own),
        (Some(_), Some(_)) => Err(no_such_tenant()),
    }
}

fn no_such_key() -> Problem {
    Problem::not_found("there is no such API key")
}

/// What is no id names nothing.
fn key_of(text: &str) -> Result<KeyId, Problem> {
    text.parse().map_err(|_| no_such_key())
}
