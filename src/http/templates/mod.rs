//! `/v1/templates`: what emails are made of, by id or by name.

pub mod body;
pub mod change;
pub mod fill;
pub mod preview;
pub mod read;
pub mod shelf;
pub mod view;

use super::Api;
use super::problem::Problem;
use crate::projections::templates::{self as rows, TemplateRow};
use crate::values::{TemplateId, TemplateName, TenantId};

/// One of a tenant's templates, by its id or its name.
pub async fn named(api: &Api, tenant: TenantId, text: &str) -> sqlx::Result<Option<TemplateRow>> {
    if let Ok(id) = text.parse::<TemplateId>() {
        return rows::find(&api.pool, tenant, id).await;
    }
    match text.parse::<TemplateName>() {
        Ok(name) => rows::find_by_name(&api.pool, tenant, &name).await,
        // What is neither names nothing.
        Err(_) => Ok(None),
    }
}

async fn known(api: &Api, tenant: TenantId, text: &str) -> Result<TemplateRow, Problem> {
    named(api, tenant, text).await?.ok_or_else(no_such_template)
}

/// The id of one of a tenant's templates.
async fn id_of(api: &Api, tenant: TenantId, text: &str) -> Result<TemplateId, Problem> {
    let row = known(api, tenant, text).await?;
    row.id.parse().map_err(|_| no_such_template())
}

fn no_such_template() -> Problem {
    Problem::not_found("there is no such template")
}
