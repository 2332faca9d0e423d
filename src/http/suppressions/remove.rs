//! An address is taken off the suppression list.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::commands::suppression::{RemoveSuppression, remove_suppression::Refusal};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToChangeSuppressions};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::values::{Address, SuppressionId};

/// Takes an address off the list: mail goes there again.
#[utoipa::path(delete, path = "/v1/suppressions/{address}", tag = "Suppressions",
    operation_id = "unsuppress", params(("address" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody)))]
pub async fn remove(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeSuppressions>,
    _: NoQuery,
    Path(address): Path<String>,
) -> Result<StatusCode, Problem> {
    // What is no address is on no list.
    let address: Address = address.parse().map_err(|_| not_on_it())?;
    let id = SuppressionId::of(&api.secrets, tenant, &address);
    api.commands.run(&caller.context(), &RemoveSuppression { tenant, id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn not_on_it() -> Problem {
    Problem::not_found(Refusal::NotFound.to_string())
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => not_on_it(),
        }
    }
}
