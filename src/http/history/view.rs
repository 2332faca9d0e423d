//! How a fact looks in an answer: as a CloudEvent (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>).

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::projections::history::HistoryRow;

/// A fact as a CloudEvent. What is ours are extension attributes: their names are of lower-case letters, and
/// numbers in them have 32 bits, so that the position is a text.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    #[schema(example = "1.0")]
    specversion: &'static str,
    #[schema(example = "evt_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Whose history it belongs to.
    #[schema(example = "/v1/tenants/tenant_01h455vb4pex5vsknk084sn02q")]
    source: String,
    #[serde(rename = "type")]
    #[schema(example = "email.recipient_delivered")]
    kind: String,
    /// When it was recorded.
    #[schema(example = "2024-01-15T10:30:00Z")]
    time: String,
    /// What it happened to: the id of an email, of a key, of the tenant, or a day's requests.
    #[schema(example = "msg_01h455vb4pex5vsknk084sn02q")]
    subject: String,
    #[schema(example = "application/json")]
    datacontenttype: &'static str,
    /// Where it stands in the log: positions of other tenants' facts lie between.
    #[schema(example = "1234")]
    position: String,
    /// Which fact of its subject it is, from one.
    streamversion: i64,
    /// The version of the shape of `data`.
    dataversion: i16,
    /// Who did it: the id of a key, or a part of the service.
    #[schema(example = "key_01h455vb4pex5vsknk084sn02q")]
    actor: String,
    /// What that key is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Production")]
    actorname: Option<String>,
    /// In which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    requestid: Option<String>,
    /// The request from which it all came, also what happened later.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<String>,
    /// The event because of which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "evt_01h455vb4pex5vsknk084sn02q")]
    causationid: Option<String>,
    /// What happened, without secrets; null if the type says it all.
    #[schema(value_type = Option<Object>)]
    data: Value,
}

/// A part of a history, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPage {
    data: Vec<EventView>,
    pagination: HistoryPagination,
}

/// Where a history goes on. How much there is in all is not counted: that would take as long as reading it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPagination {
    /// Events in a page at most.
    limit: u32,
    /// Where it goes on; absent at its end as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<HistoryRow> for EventView {
    fn from(row: HistoryRow) -> Self {
        Self {
            specversion: "1.0",
            id: row.id.to_string(),
            source: format!("/v1/tenants/{}", row.tenant),
            kind: row.shown.name,
            time: row.at.to_string(),
            subject: row.stream,
            datacontenttype: "application/json",
            position: row.position.to_string(),
            streamversion: row.version,
            dataversion: row.shown.schema,
            actor: row.actor,
            actorname: row.actor_name,
            requestid: row.request_id,
            correlationid: row.correlation_id,
            causationid: row.causation_id.map(|id| id.to_string()),
            data: row.shown.data,
        }
    }
}

impl HistoryPage {
    /// A page of what was found with one more than wanted.
    pub(super) fn of(mut rows: Vec<HistoryRow>, limit: u32) -> Self {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next_cursor = rows.last().filter(|_| more).map(|row| row.position.to_string());
        let data = rows.into_iter().map(EventView::from).collect();
        Self { data, pagination: HistoryPagination { limit, next_cursor } }
    }
}
