//! A tenant's emails, by what their sender looks for.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::ever_was;
use super::view::EmailView;
use crate::http::Api;
use crate::http::caller::{OfTenant, OnTenant, ToSeeEmails};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::projections::emails::{EmailFilter, list as rows};
use crate::projections::page::PageRequest;
use crate::projections::runner::caught_up;
use crate::values::TenantId;

const STATUSES: [&str; 8] = [
    "queued",
    "sending",
    "delivered",
    "bounced",
    "failed",
    "cancelled",
    "suppressed",
    "complained",
];

/// Which emails are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EmailsQuery {
    /// `queued`, `sending`, `delivered`, `bounced`, `failed`, `cancelled`, `suppressed` or `complained`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    status: Field<String>,
    /// The sender's address.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    from: Field<String>,
    /// A recipient's address.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    to: Field<String>,
    #[serde(default)]
    #[param(value_type = Option<String>)]
    tag: Field<String>,
    /// As `metadata[name]=value`, once for each.
    #[serde(default)]
    #[param(value_type = Option<BTreeMap<String, String>>, style = DeepObject, explode)]
    metadata: Field<BTreeMap<String, String>>,
    /// Accepted at or after this moment.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    since: Field<String>,
    /// Accepted before this moment.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    until: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Lists the emails of the tenant whose key asks.
#[utoipa::path(get, path = "/v1/emails", tag = "Emails", params(EmailsQuery, PageQuery),
    responses((status = 200, body = Page<EmailView>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeEmails>,
    Query(query): Query<EmailsQuery>,
) -> Result<Json<Page<EmailView>>, Problem> {
    listed(&api, tenant, query).await
}

/// Lists a tenant's emails.
#[utoipa::path(get, path = "/v1/tenants/{id}/emails", tag = "Emails", operation_id = "list_for",
    params(("id" = String, Path), EmailsQuery, PageQuery),
    responses((status = 200, body = Page<EmailView>), (status = "4XX", body = ErrorBody)))]
pub async fn list_for(
    State(api): State<Api>,
    OnTenant { tenant, .. }: OnTenant,
    Query(query): Query<EmailsQuery>,
) -> Result<Json<Page<EmailView>>, Problem> {
    ever_was(&api, tenant).await?;
    listed(&api, tenant, query).await
}

async fn listed(
    api: &Api,
    tenant: TenantId,
    query: EmailsQuery,
) -> Result<Json<Page<EmailView>>, Problem> {
    let (filter, page) = query.read()?;
    // Whoever has just sent a mail wants to find it.
    caught_up(&api.pool, "emails").await?;
    let found = rows(&api.pool, tenant, &filter, &page).await?;
    Ok(Json(Page::of(&page, found, EmailView::from)))
}

impl EmailsQuery {
    fn read(self) -> Result<(EmailFilter, PageRequest), Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let status = self.status.optional("status", &mut faults);
        if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
            faults.add("status", format!("give one of {}", STATUSES.join(", ")));
        }
        let filter = EmailFilter {
            status,
            from: self.from.parsed("from", &mut faults),
            to: self.to.parsed("to", &mut faults),
            tag: faults.plain("tag", self.tag),
            metadata: faults.plain_map("metadata", self.metadata).map(|wanted| json!(wanted)),
            since: self.since.parsed("since", &mut faults),
            until: self.until.parsed("until", &mut faults),
        };
        let page = self.page.read(&mut faults, |text| text.parse::<i64>().is_ok());
        faults.done(Some((filter, page)))
    }
}
