//! A new key takes an old one's place.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::body::RotateKeyBody;
use super::view::NewKeyView;
use super::{OwnerQuery, key_of, no_such_key};
use crate::commands::api_key::{RotateApiKey, rotate_api_key::Refusal};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{Allowed, Caller, OnTenant, ToChangeKeys};
use crate::http::emails::ever_was;
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::{NoQuery, Query};
use crate::values::{KeyId, TenantId, Token, TokenKind};

/// Makes a successor for a tenant's key; the old one still works for a while.
#[utoipa::path(post, path = "/v1/tenants/{id}/api-keys/{key_id}/rotate", tag = "API keys",
    params(("id" = String, Path), ("key_id" = String, Path)), request_body = RotateKeyBody,
    responses((status = 201, body = NewKeyView), (status = "4XX", body = ErrorBody)))]
pub async fn rotate(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    whose: (Path<(String, String)>, NoQuery),
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let (Path((_, key)), NoQuery) = whose;
    ever_was(&api, tenant).await?;
    rotated(&api, (&caller, tenant, &key), &asked, &raw).await
}

/// Makes a successor for a key of the tenant whose key asks.
#[utoipa::path(post, path = "/v1/api-keys/{key_id}/rotate", tag = "API keys",
    operation_id = "rotate_own", params(("key_id" = String, Path), OwnerQuery),
    request_body = RotateKeyBody,
    responses((status = 201, body = NewKeyView), (status = "4XX", body = ErrorBody)))]
pub async fn rotate_own(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToChangeKeys>,
    whose: (Path<String>, Query<OwnerQuery>),
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let (Path(key), Query(query)) = whose;
    let tenant = query.owner(&caller)?;
    rotated(&api, (&caller, tenant, &key), &asked, &raw).await
}

async fn rotated(
    api: &Api,
    (caller, tenant, key): (&Caller, TenantId, &str),
    asked: &Asked,
    raw: &Raw,
) -> Result<Response, Problem> {
    let key = key_of(key)?;
    let grace = raw.json_or_nothing::<RotateKeyBody>()?.read()?;
    let token = Token::make(TokenKind::Tenant);
    let successor = KeyId::at(api.clock.now());
    let command = RotateApiKey {
        tenant,
        key,
        successor,
        hash: Token::hash(&api.secrets, token.expose()),
        prefix: Token::display_prefix(token.expose()),
        grace,
        granter: caller.granter(),
    };
    let answer = (StatusCode::CREATED, |done: &_| {
        NewKeyView::succeeding(done, (tenant, successor), (key, &token))
    });
    let answer = asked.run(api, (&raw.bytes, Answers::InSecret), &command, answer).await?;
    api.keyring.forget();
    Ok(answer)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_key(),
            Refusal::Ended => Self::conflict("key_ended", refusal.to_string()),
            Refusal::MoreThanOneHas(_) => Self::forbidden("cannot_grant", refusal.to_string()),
        }
    }
}
