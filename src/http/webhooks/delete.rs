//! The end of a webhook.

use axum::Json;
use axum::extract::{Path, State};

use super::view::WebhookDeleted;
use super::{no_such_webhook, webhook_of};
use crate::commands::webhook::{DeleteWebhook, delete_webhook::Refusal};
use crate::http::Api;
use crate::http::caller::{OfTenant, ToChangeWebhooks};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;

/// Deletes a webhook, with all that it was told and was to be told.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path)),
    responses((status = 200, body = WebhookDeleted), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeWebhooks>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<WebhookDeleted>, Problem> {
    let webhook = webhook_of(&id)?;
    api.commands.run(&caller.context(), &DeleteWebhook { tenant, webhook }).await?;
    Ok(Json(WebhookDeleted { id: webhook, deleted: true }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => no_such_webhook(),
        }
    }
}
