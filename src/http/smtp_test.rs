//! Tries a tenant's relay without sending anything, and says what failed.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::body::{NoBody, Raw};
use super::caller::{OfTenant, OnTenant, ToSend, no_such_tenant};
use super::idempotency::Asked;
use super::probe_place::place;
use super::problem::{ErrorBody, Problem};
use super::query::NoQuery;
use crate::mail::transport::{Route, described, probe};
use crate::values::TenantId;

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmtpTest {
    /// The relay answered, and let us in.
    ok: bool,
    /// The tenant's own relay was tried, or the shared one.
    #[schema(example = "own")]
    relay: &'static str,
    /// Where it is; of the shared relay it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The step that failed: `connect`, `tls`, `greeting` or `login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    /// What failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Tries the relay of the tenant whose key asks: handshake and login, no mail.
#[utoipa::path(post, path = "/v1/test-smtp", tag = "SMTP",
    responses((status = 200, body = SmtpTest), (status = "4XX", body = ErrorBody)))]
pub async fn own(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSend>,
    _: NoQuery,
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    tried(&api, tenant, &asked, &raw).await
}

/// Tries a tenant's relay: handshake and login, no mail.
#[utoipa::path(post, path = "/v1/tenants/{id}/test-smtp", tag = "SMTP",
    operation_id = "test_smtp_for", params(("id" = String, Path)),
    responses((status = 200, body = SmtpTest), (status = "4XX", body = ErrorBody)))]
pub async fn of_tenant(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    _: NoQuery,
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    tried(&api, tenant, &asked, &raw).await
}

async fn tried(api: &Api, tenant: TenantId, asked: &Asked, raw: &Raw) -> Result<Response, Problem> {
    if let Some(answer) = asked.answered(api, &raw.bytes).await? {
        return Ok(answer);
    }
    let past = api.commands.tenant(tenant).await?;
    let living = past.state.living().ok_or_else(no_such_tenant)?;
    let _place = place(api).await?;
    if let Some(answer) = asked.answered(api, &raw.bytes).await? {
        return Ok(answer);
    }
    let view = match &living.relay {
        None => SmtpTest::of("shared", None, probe(api.routes.shared()).await),
        Some(relay) => {
            let version = u64::try_from(past.version).unwrap_or(0);
            let route = api.routes.own(&tenant.to_string(), version, relay);
            let route = route.map_err(|error| Problem::internal(error.to_string()))?;
            SmtpTest::of("own", Some(&route), probe(&route).await)
        }
    };
    asked.keep(api, &raw.bytes, view).await
}

impl SmtpTest {
    fn of(
        relay: &'static str,
        route: Option<&Route>,
        tried: Result<(), crate::mail::transport::Trouble>,
    ) -> Self {
        let trouble = tried.err();
        let said = |trouble: &crate::mail::transport::Trouble| {
            format!("{} failed: {}", described(trouble.stage), trouble.message)
        };
        Self {
            ok: trouble.is_none(),
            relay,
            host: route.map(|route| route.host.to_string()),
            port: route.map(|route| route.port),
            stage: trouble.as_ref().map(|trouble| trouble.stage.as_str()),
            message: trouble.as_ref().map(said),
        }
    }
}
