//! The end of a tenant, with its personal data or without.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::commands::tenant::{DeleteTenant, EraseTenant, delete_tenant, erase_tenant};
use crate::http::Api;
use crate::http::caller::{OnTenant, no_such_tenant};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::projections::relay_health;
use crate::projections::runner::caught_up;
use crate::values::TenantId;

/// Whether more than the tenant is to go.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// `true` destroys the tenant's key: addresses, names, subjects and contents of its mail cannot be read by
    /// anybody any more. This cannot be undone.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    erase: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// A tenant is gone.
#[expect(clippy::struct_field_names, reason = "the answer says so")]
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    #[schema(value_type = String, example = "tenant_01h455vb4pex5vsknk084sn02q")]
    id: TenantId,
    deleted: bool,
    /// Whether its personal data are gone with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
}

/// Ends a tenant: its keys stop at once, its queued mail is withdrawn, its history stays. One that is deleted
/// already can still be erased.
#[utoipa::path(delete, path = "/v1/tenants/{id}", tag = "Tenants",
    params(("id" = String, Path), DeleteQuery),
    responses((status = 200, body = Deleted), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    Query(query): Query<DeleteQuery>,
) -> Result<Json<Deleted>, Problem> {
    let erased = query.read()?;
    if erased {
        api.commands.run(&caller.context(), &EraseTenant { tenant }).await?;
        clear(&api, tenant).await?;
    } else {
        api.commands.run(&caller.context(), &DeleteTenant { tenant }).await?;
    }
    api.keyring.forget();
    Ok(Json(Deleted { id: tenant, deleted: true, erased }))
}

/// The key is gone; what is left is deleted here, or by any node if this one ends before it is done.
async fn clear(api: &Api, tenant: TenantId) -> sqlx::Result<()> {
    api.commands.store().sweep(tenant).await?;
    relay_health::forget(&api.pool, tenant).await?;
    caught_up(&api.pool, "emails").await?;
    Ok(())
}

impl DeleteQuery {
    fn read(self) -> Result<bool, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let erase = match self.erase.optional("erase", &mut faults).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                faults.add("erase", "give true or false");
                false
            }
        };
        faults.done(Some(erase))
    }
}

impl From<delete_tenant::Refusal> for Problem {
    fn from(refusal: delete_tenant::Refusal) -> Self {
        match refusal {
            delete_tenant::Refusal::NotFound => no_such_tenant(),
        }
    }
}

impl From<erase_tenant::Refusal> for Problem {
    fn from(refusal: erase_tenant::Refusal) -> Self {
        match refusal {
            erase_tenant::Refusal::NotFound => no_such_tenant(),
        }
    }
}
