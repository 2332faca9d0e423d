//! A tenant's history with its proofs, streamed: a file that can be checked offline.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::query::size;
use crate::http::Api;
use crate::http::caller::{OfTenant, OnTenant, ToAudit};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::projections::audit::AuditError;
use crate::projections::audit::export::{Asked, Export};
use crate::values::{TenantId, Timestamp};

/// Which part of the history, and against which tree.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// From the first fact that was recorded at or after this moment.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-01-01T00:00:00Z")]
    since: Field<String>,
    /// To the last fact that was recorded before this moment.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "2024-02-01T00:00:00Z")]
    until: Field<String>,
    /// Proven in the tree of so many facts; if absent, of the smallest in which all of them are.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    size: Field<String>,
    /// With a proof that the tree of so many facts is the beginning of that one.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    from_size: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Exports a tenant's history with links, proofs and a signed end, as `selfmx verify-export` checks it. The
/// same range gives the same bytes.
#[utoipa::path(get, path = "/v1/tenants/{id}/export", tag = "Audit", operation_id = "export_of",
    params(("id" = String, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson"),
              (status = "4XX", body = ErrorBody)))]
pub async fn of_tenant(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    streamed(&api, query.read(tenant)?).await
}

/// Exports the history of the tenant whose key asks.
#[utoipa::path(get, path = "/v1/tenant/export", tag = "Audit", operation_id = "export_own",
    params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson"),
              (status = "4XX", body = ErrorBody)))]
pub async fn own(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToAudit>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    streamed(&api, query.read(tenant)?).await
}

/// Whatever goes wrong on the way tears the connection, and the file lacks its end.
async fn streamed(api: &Api, asked: Asked) -> Result<Response, Problem> {
    let export = Export::open(&api.pool, &api.audit, asked).await?;
    let lines = stream::try_unfold(export, async |mut export| {
        let lines = export.next().await.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, "an export was cut off");
        })?;
        Ok::<_, AuditError>(lines.map(|lines| (Bytes::from(lines), export)))
    });
    let content_type = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((content_type, Body::from_stream(lines)).into_response())
}

impl ExportQuery {
    fn read(self, tenant: TenantId) -> Result<Asked, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let since = self.since.parsed::<Timestamp>("since", &mut faults);
        let until = self.until.parsed::<Timestamp>("until", &mut faults);
        let proven = size(self.size, "size", &mut faults);
        let from_size = size(self.from_size, "from_size", &mut faults);
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            faults.add("until", "give a moment after since");
        }
        faults.done(Some(Asked { tenant, since, until, size: proven, from_size }))
    }
}
