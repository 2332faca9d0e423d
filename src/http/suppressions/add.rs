//! An address goes on the suppression list.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::SuppressionView;
use crate::commands::suppression::{AddSuppression, add_suppression::Refusal};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeSuppressions, no_such_tenant};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::values::{Address, SuppressionId, SuppressionReason};

/// An address to which no mail is to go.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddSuppressionBody {
    #[serde(default)]
    #[schema(value_type = String, example = "ann@example.com")]
    address: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

impl AddSuppressionBody {
    fn read(self) -> Result<Address, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let text = self.address.required("address", &mut faults);
        let address = text.and_then(|text| faults.keep("address", text.parse()));
        faults.done(address)
    }
}

/// Puts an address on the list. One that is there already stays there as it was.
#[utoipa::path(post, path = "/v1/suppressions", tag = "Suppressions", operation_id = "suppress",
    request_body = AddSuppressionBody,
    responses((status = 201, body = SuppressionView), (status = "4XX", body = ErrorBody)))]
pub async fn add(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeSuppressions>,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let address = raw.json::<AddSuppressionBody>()?.read()?;
    let id = SuppressionId::of(&api.secrets, tenant, &address);
    let (reason, email) = (SuppressionReason::Manual, None);
    let command = AddSuppression { tenant, id, address: address.clone(), reason, email };
    let answer = (StatusCode::CREATED, |done: &_| SuppressionView::added(done, &address));
    asked.run(&api, (&raw.bytes, Answers::Openly), &command, answer).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoTenant => no_such_tenant(),
        }
    }
}
