//! A domain is looked up in the DNS because somebody asks.

use axum::extract::{Path, State};
use axum::response::Response;

use super::view::{DomainView, keys_of};
use super::{domain_of, no_such_domain, shown};
use crate::commands::domain::{Checked, RecordCheck, record_check::Refusal};
use crate::http::Api;
use crate::http::body::NoBody;
use crate::http::caller::{OfTenant, ToChangeDomains};
use crate::http::idempotency::Asked;
use crate::http::probe_place::place;
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::projections::{domain_checks, domains as rows};

/// Looks a domain's records up. It is verified once both DKIM records stand there: its mail is signed from
/// then on. The answer says what was found of each record.
#[utoipa::path(post, path = "/v1/domains/{domain_id}/verify", tag = "Domains",
    params(("domain_id" = String, Path)),
    responses((status = 200, body = DomainView), (status = "4XX", body = ErrorBody)))]
pub async fn verify(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeDomains>,
    whose: (Path<String>, NoQuery),
    asked: Asked,
    NoBody(raw): NoBody,
) -> Result<Response, Problem> {
    let (Path(id), NoQuery) = whose;
    let domain = domain_of(&id)?;
    let row = rows::find(&api.pool, tenant, domain).await?.ok_or_else(no_such_domain)?;
    if let Some(answer) = asked.answered(&api, &raw.bytes).await? {
        return Ok(answer);
    }
    let _place = place(&api).await?;
    let (name, keys) = keys_of(&row)?;
    let seen = api.inspector.inspect(&name, &keys).await;
    let checked = Checked { found: seen.found, missing: seen.missing };
    api.commands.run(&caller.context(), &RecordCheck { tenant, domain, checked }).await?;
    let at = api.clock.now();
    domain_checks::note(&api.pool, (tenant, domain), at, seen.trouble.as_deref()).await?;
    let view = shown(&api, tenant, domain).await?;
    asked.keep(&api, &raw.bytes, view).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_domain(),
        }
    }
}
