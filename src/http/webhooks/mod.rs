//! `/v1/webhooks`: whom a tenant wants told what becomes of its mail.

pub mod body;
pub mod create;
pub mod delete;
pub mod list;
pub mod logs;
pub mod rotate;
pub mod test;
pub mod update;
pub mod view;

use super::Api;
use super::problem::Problem;
use crate::projections::webhooks::{WebhookRow, find};
use crate::values::{TenantId, WebhookId};

fn no_such_webhook() -> Problem {
    Problem::not_found("there is no such webhook")
}

/// What is no id names nothing.
fn webhook_of(text: &str) -> Result<WebhookId, Problem> {
    text.parse().map_err(|_| no_such_webhook())
}

/// The tenant's webhook that a path names.
async fn found(api: &Api, tenant: TenantId, id: &str) -> Result<(WebhookId, WebhookRow), Problem> {
    let webhook = webhook_of(id)?;
    let row = find(&api.pool, tenant, webhook).await?.ok_or_else(no_such_webhook)?;
    Ok((webhook, row))
}
