//! `/v1/domains`: the domains that a tenant sends from besides its own.

pub mod add;
pub mod body;
pub mod delete;
pub mod list;
pub mod verify;
pub mod view;

use super::Api;
use super::problem::Problem;
use crate::projections::domain_checks;
use crate::projections::domains::{self as rows, DomainRow};
use crate::values::{DomainId, TenantId};
use view::DomainView;

fn no_such_domain() -> Problem {
    Problem::not_found("there is no such domain")
}

/// What is no id names nothing.
fn domain_of(text: &str) -> Result<DomainId, Problem> {
    text.parse().map_err(|_| no_such_domain())
}

/// One domain as it is now.
async fn shown(api: &Api, tenant: TenantId, domain: DomainId) -> Result<DomainView, Problem> {
    let row = rows::find(&api.pool, tenant, domain).await?.ok_or_else(no_such_domain)?;
    Ok(views(api, vec![row]).await?.remove(0))
}

/// Domains with how they were looked up last.
async fn views(api: &Api, rows: Vec<DomainRow>) -> Result<Vec<DomainView>, Problem> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let checks = domain_checks::of(&api.pool, &ids).await?;
    let each = rows.iter().map(|row| DomainView::of_row(row, &api.inspector, checks.get(&row.id)));
    each.collect()
}
