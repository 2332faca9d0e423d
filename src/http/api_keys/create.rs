//! A new key.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::body::CreateKeyBody;
use super::owner;
use super::view::NewKeyView;
use crate::commands::api_key::{CreateApiKey, create_api_key::Refusal};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{Allowed, Caller, OnTenant, ToChangeKeys, no_such_tenant};
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::values::{KeyId, TenantId, Token, TokenKind};

/// Makes a key for a tenant; its token is shown this once.
#[utoipa::path(post, path = "/v1/tenants/{id}/api-keys", tag = "API keys",
    params(("id" = String, Path)), request_body = CreateKeyBody,
    responses((status = 201, body = NewKeyView), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    made(&api, (&caller, Some(tenant)), &asked, &raw).await
}

/// Makes a key; it may do no more than the key that asks. Its token is shown this once.
#[utoipa::path(post, path = "/v1/api-keys", tag = "API keys", request_body = CreateKeyBody,
    operation_id = "create_own",
    responses((status = 201, body = NewKeyView), (status = "4XX", body = ErrorBody)))]
pub async fn create_own(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToChangeKeys>,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    made(&api, (&caller, None), &asked, &raw).await
}

async fn made(
    api: &Api,
    (caller, on_path): (&Caller, Option<TenantId>),
    asked: &Asked,
    raw: &Raw,
) -> Result<Response, Problem> {
    let (named, new) = raw.json::<CreateKeyBody>()?.read()?;
    let tenant = match (on_path, named) {
        (Some(on_path), None) => on_path,
        (Some(on_path), Some(named)) if named == on_path.to_string() => on_path,
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_field("tenant_id", "the path names another tenant"));
        }
        (None, named) => owner(caller, named.as_deref())?,
    };
    let token = Token::make(TokenKind::Tenant);
    let key = KeyId::at(api.clock.now());
    let secrets = (&token, &api.secrets);
    let command = CreateApiKey::of((Some(tenant), key), new, secrets, caller.granter());
    let answer = (StatusCode::CREATED, |done: &_| NewKeyView::created(done, (tenant, key), &token));
    asked.run(api, (&raw.bytes, Answers::InSecret), &command, answer).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoTenant => no_such_tenant(),
            Refusal::MoreThanOneHas(_) => Self::forbidden("cannot_grant", refusal.to_string()),
            Refusal::ExpiresInThePast => Self::invalid_field("expires_at", refusal.to_string()),
        }
    }
}
