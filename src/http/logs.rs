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
use crate::projections::emails::{KINDS, LogFilter, LogRow, log};
use crate::projections::page::PageRequest;
use crate::projections::runner::caught_up;
use crate::values::{EmailId, Timestamp};

/// Which moments are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// One email's; without it all emails'.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    email_id: Field<String>,
    /// What happened, as in an email's timeline: `delivered`, `bounced`; several with commas.
    #[serde(default, rename = "type")]
    #[param(value_type = Option<String>)]
    kind: Field<String>,
    /// Of emails to this address, without what is about their other recipients.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    recipient: Field<String>,
    /// At or after this moment.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    since: Field<String>,
    /// Before this moment.
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
    let (filter, page) = query.read()?;
    caught_up(&api.pool, "emails").await?;
    let found = log(&api.pool, tenant, &filter, &page).await?;
    Ok(Json(Page::of(&page, found, LogEntry::from)))
}

impl LogsQuery {
    fn read(self) -> Result<(LogFilter, PageRequest), Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let kinds = self.kind.optional("type", &mut faults);
        let filter = LogFilter {
            email: self.email_id.parsed::<EmailId>("email_id", &mut faults),
            kinds: kinds.map(|names| kinds_of(&names, &mut faults)),
            recipient: self.recipient.parsed("recipient", &mut faults),
            since: self.since.parsed("since", &mut faults),
            until: self.until.parsed("until", &mut faults),
        };
        if filter.since.zip(filter.until).is_some_and(|(since, until)| since >= until) {
            faults.add("until", "give a moment after since");
        }
        let page = self.page.read(&mut faults, |text| text.parse::<i64>().is_ok());
        faults.done(Some((filter, page)))
    }
}

fn kinds_of(names: &str, faults: &mut Faults) -> Vec<String> {
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(|name| !KINDS.contains(&name.as_str())) {
        faults.add("type", format!("give one or more of {}", KINDS.join(", ")));
    }
    names
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
