//! Emails: sent, seen, withdrawn.

pub mod batch;
pub mod body;
mod budget;
pub mod cancel;
pub mod content;
pub mod details;
mod handed;
pub mod list;
pub mod said;
pub mod send;
pub mod tracking;
pub mod view;

use super::Api;
use super::caller::no_such_tenant;
use super::problem::Problem;
use crate::values::{EmailId, TenantId};

fn no_such_email() -> Problem {
    Problem::not_found("there is no such email")
}

/// What is no id names nothing.
fn email_of(text: &str) -> Result<EmailId, Problem> {
    text.parse().map_err(|_| no_such_email())
}

/// A deleted tenant's history stays, for admins.
pub(super) async fn ever_was(api: &Api, tenant: TenantId) -> Result<(), Problem> {
    let past = api.commands.tenant(tenant).await?;
    past.state.ever().map(|_| ()).ok_or_else(no_such_tenant)
}
