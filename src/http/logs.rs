//! What happened to a tenant's emails.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::caller::{OfTenant, ToReadLogs};
use super::field::{Faults, Field, Unknown};
use super::page::{Page, PageQuery};
use super::problem::{ErrorBody, Problem};
use super::query::Query;
use crate::projections::emails::{LogRow, log};
use crate::projections::runner::caught_up;
use crate::values::{EmailId, Timestamp};

/// Whose log is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// One email's; without it all emails'.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    email_id: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// One thing that happened to an email.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    #[schema(example = "msg_01h455vb4pex5vsknk084sn02q")]
    email_id: String,
    /// As in an email's timeline.
    #[serde(rename = "type")]
    #[schema(example = "delivered")]
    kind: String,
    at: String,
    /// The particulars: recipient, code, message, attempt.
    #[schema(value_type = Object)]
    details: Value,
}

/// Lists what happened to the tenant's emails.
#[utoipa::path(get, path = "/v1/logs", tag = "Emails", operation_id = "list_log", params(LogsQuery, PageQuery),
    responses((status = 200, body = Page<LogEntry>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToReadLogs>,
    Query(query): Query<LogsQuery>,
) -> Result<Json<Page<LogEntry>>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let email = query.email_id.parsed::<EmailId>("email_id", &mut faults);
    let page = query.page.read(&mut faults, |text| text.parse::<i64>().is_ok());
    let page = faults.done(Some(page))?;
    caught_up(&api.pool, "emails").await?;
    let found = log(&api.pool, tenant, email, &page).await?;
    Ok(Json(Page::of(&page, found, LogEntry::from)))
}

impl From<LogRow> for LogEntry {
    fn from(row: LogRow) -> Self {
        Self {
            email_id: row.email_id,
            kind: row.kind,
            at: Timestamp::from(row.at).to_string(),
            details: row.details,
        }
    }
}
