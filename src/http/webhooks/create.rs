//! A new webhook.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::body::CreateWebhookBody;
use super::view::{WebhookView, WebhookWithSecret};
use crate::commands::webhook::{CreateWebhook, create_webhook::Refusal};
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeWebhooks, no_such_tenant};
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::projections::webhooks::count;
use crate::values::WebhookId;

/// Webhooks that a tenant may have: each is told of each of its mails.
const MOST: i64 = 20;

/// Makes a webhook; its secret is shown this once.
#[utoipa::path(post, path = "/v1/webhooks", tag = "Webhooks", request_body = CreateWebhookBody,
    responses((status = 201, body = WebhookWithSecret), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeWebhooks>,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let new = raw.json::<CreateWebhookBody>()?.read()?;
    if count(&api.pool, tenant).await? >= MOST {
        let message = format!("a tenant has {MOST} webhooks at most: delete one first");
        return Err(Problem::conflict("too_many_webhooks", message));
    }
    let webhook = WebhookId::at(api.clock.now());
    let sealed = api.secrets.seal(&webhook.to_string(), new.secret.text().expose());
    let command = CreateWebhook {
        tenant,
        webhook,
        url: new.url,
        events: new.events,
        active: new.active,
        secret: sealed.map_err(|error| Problem::internal(error.to_string()))?,
    };
    let view = |done: &_| WebhookView::after(done, webhook).showing(&new.secret);
    let answer = (StatusCode::CREATED, view);
    asked.run(&api, (&raw.bytes, Answers::InSecret), &command, answer).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoTenant => no_such_tenant(),
        }
    }
}
