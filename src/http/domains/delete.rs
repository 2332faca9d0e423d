//! A domain is given up.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{domain_of, no_such_domain};
use crate::commands::domain::{DeleteDomain, delete_domain::Refusal};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToChangeDomains};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::projections::domain_checks;
use crate::values::DomainId;

/// A domain is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct DomainDeleted {
    #[schema(value_type = String, example = "dom_01h455vb4pex5vsknk084sn02q")]
    id: DomainId,
    deleted: bool,
}

/// Gives a domain up: nothing is sent from it any more, its keys are of no use, and another tenant may add it.
#[utoipa::path(delete, path = "/v1/domains/{domain_id}", tag = "Domains",
    params(("domain_id" = String, Path)),
    responses((status = 200, body = DomainDeleted), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeDomains>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<DomainDeleted>, Problem> {
    let domain = domain_of(&id)?;
    api.commands.run(&caller.context(), &DeleteDomain { tenant, domain }).await?;
    domain_checks::forget(&api.pool, domain).await?;
    Ok(Json(DomainDeleted { id: domain, deleted: true }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_domain(),
        }
    }
}
