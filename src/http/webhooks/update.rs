//! Changes of a webhook.

use axum::Json;
use axum::extract::{Path, State};

use super::body::UpdateWebhookBody;
use super::view::WebhookView;
use super::{no_such_webhook, webhook_of};
use crate::commands::webhook::update_webhook::Refusal;
use crate::http::Api;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeWebhooks};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;

/// Changes a webhook: what is absent stays. One that was disabled is told again with `active`.
#[utoipa::path(put, path = "/v1/webhooks/{id}", tag = "Webhooks", params(("id" = String, Path)),
    request_body = UpdateWebhookBody,
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeWebhooks>,
    _: NoQuery,
    Path(id): Path<String>,
    raw: Raw,
) -> Result<Json<WebhookView>, Problem> {
    let webhook = webhook_of(&id)?;
    let command = raw.json::<UpdateWebhookBody>()?.read(tenant, webhook)?;
    let done = api.commands.run(&caller.context(), &command).await?;
    Ok(Json(WebhookView::after(&done, webhook)))
}

/// Changes a webhook: what is absent stays. One that was disabled is told again with `active`.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "Webhooks", params(("id" = String, Path)),
    request_body = UpdateWebhookBody,
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorBody)))]
pub async fn patch(
    state: State<Api>,
    of: OfTenant<ToChangeWebhooks>,
    none: NoQuery,
    path: Path<String>,
    raw: Raw,
) -> Result<Json<WebhookView>, Problem> {
    put(state, of, none, path, raw).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_webhook(),
        }
    }
}
