//! A new secret for a webhook.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::body::RotateSecretBody;
use super::view::{WebhookView, WebhookWithSecret};
use super::{no_such_webhook, webhook_of};
use crate::commands::webhook::{RotateSecret, rotate_secret::Refusal};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeWebhooks};
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;

/// Gives a webhook a new secret, which is shown this once; the former one signs beside it for 24 hours.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate-secret", tag = "Webhooks",
    params(("id" = String, Path)), request_body = RotateSecretBody,
    responses((status = 200, body = WebhookWithSecret), (status = "4XX", body = ErrorBody)))]
pub async fn rotate(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeWebhooks>,
    whose: (Path<String>, NoQuery),
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let (Path(id), NoQuery) = whose;
    let webhook = webhook_of(&id)?;
    let secret = raw.json_or_nothing::<RotateSecretBody>()?.read()?;
    let sealed = api.secrets.seal(&webhook.to_string(), secret.text().expose());
    let sealed = sealed.map_err(|error| Problem::internal(error.to_string()))?;
    let command = RotateSecret { tenant, webhook, secret: sealed };
    let view = |done: &_| WebhookView::after(done, webhook).showing(&secret);
    let answer = (StatusCode::OK, view);
    asked.run(&api, (&raw.bytes, Answers::InSecret), &command, answer).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_webhook(),
        }
    }
}
