//! A new domain, with keys of its own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::body::AddDomainBody;
use super::view::DomainView;
use crate::commands::domain::AddDomain;
use crate::commands::domain::add_domain::{Refusal, fits};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeDomains, no_such_tenant};
use crate::http::idempotency::{Answers, Asked};
use crate::http::probe_place::place;
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::mail::dkim::{Algorithm, KeyPair};
use crate::values::{DkimKey, DkimKeys, DomainId, SecretKey};

/// Adds a domain, which may be nobody else's: makes its DKIM keys and lists the DNS records to set.
#[utoipa::path(post, path = "/v1/domains", tag = "Domains", request_body = AddDomainBody,
    responses((status = 201, body = DomainView), (status = "4XX", body = ErrorBody)))]
pub async fn add(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeDomains>,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let name = raw.json::<AddDomainBody>()?.read()?;
    if let Some(answer) = asked.answered(&api, &raw.bytes).await? {
        return Ok(answer);
    }
    let past = api.commands.tenant(tenant).await?;
    fits(&past.state, &name).map_err(Problem::from)?;
    let domain = DomainId::at(api.clock.now());
    let secrets = api.secrets.clone();
    // An RSA key takes a good part of a second, so nobody has many made for nothing.
    let _place = place(&api).await?;
    let keys = tokio::task::spawn_blocking(move || keys(domain, &secrets)).await;
    let keys = keys.unwrap_or_else(|error| Err(Problem::internal(error.to_string())))?;
    let command = AddDomain { tenant, domain, name, keys };
    let inspector = &api.inspector;
    let answer = (StatusCode::CREATED, |done: &_| DomainView::after(done, inspector));
    asked.run(&api, (&raw.bytes, Answers::Openly), &command, answer).await
}

/// New keys; the private halves are sealed for the domain.
fn keys(domain: DomainId, secrets: &SecretKey) -> Result<DkimKeys, Problem> {
    let id = domain.to_string();
    let own = &id[id.len() - 8..];
    let key = |algorithm: Algorithm| {
        let pair = KeyPair::generate(algorithm);
        let pair = pair.map_err(|error| Problem::internal(error.to_string()))?;
        let private_key = secrets.seal(&id, pair.private.expose());
        Ok::<_, Problem>(DkimKey {
            // Its own for each domain that is added: two of them may stand in the DNS while one is replaced.
            selector: format!("selfmx-{own}-{}", algorithm.as_str()),
            public_key: pair.public,
            private_key: private_key.map_err(|error| Problem::internal(error.to_string()))?,
        })
    };
    Ok(DkimKeys { rsa: key(Algorithm::Rsa)?, ed25519: key(Algorithm::Ed25519)? })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::NoTenant => no_such_tenant(),
            Refusal::AddedAlready(_) => Self::conflict("exists", message),
            Refusal::TooMany => Self::conflict("too_many_domains", message),
        }
    }
}
