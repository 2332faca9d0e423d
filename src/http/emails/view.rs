//! How an email looks in an answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::projections::emails::{Details, EmailRow, Moment, RecipientRow};
use crate::values::{EmailContent, ExtraHeaders, TemplateId, Timestamp, shown};

/// An email.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailView {
    #[schema(example = "msg_01h455vb4pex5vsknk084sn02q")]
    id: String,
    #[schema(example = "Acme <hello@acme.com>")]
    from: String,
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: String,
    /// `queued`, `sending`, `delivered`, `bounced`, `failed`, `cancelled`, `suppressed` or `complained`; of
    /// several outcomes, the worst.
    #[schema(example = "delivered")]
    status: String,
    /// `high`, `normal` or `low`.
    priority: String,
    tags: Vec<String>,
    #[schema(value_type = BTreeMap<String, String>)]
    metadata: Value,
    /// How often it was tried.
    attempts: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_at: Option<String>,
    created_at: String,
    updated_at: String,
    /// Everybody, with what came of it.
    recipients: Vec<RecipientView>,
}

/// A recipient, with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecipientView {
    #[schema(example = "ann@example.com")]
    address: String,
    /// `to`, `cc` or `bcc`.
    #[schema(example = "to")]
    kind: String,
    /// `queued`, `delivered`, `bounced`, `failed`, `cancelled`, `suppressed` or `complained`.
    #[schema(example = "delivered")]
    status: String,
    /// The SMTP reply code, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    /// What the relay answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    updated_at: String,
}

/// An email with all that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailDetails {
    #[serde(flatten)]
    email: EmailView,
    /// What happened to it, in order.
    timeline: Vec<MomentView>,
    /// The version of a template that it was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<MadeOf>,
    /// What it says; for keys with `emails:read`, and as long as it is kept.
    #[serde(flatten)]
    content: Option<ContentView>,
}

/// A version of a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeOf {
    #[schema(value_type = String, example = "tmpl_01h455vb4pex5vsknk084sn02q")]
    id: TemplateId,
    version: i64,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct MomentView {
    /// `queued`, `sending`, `delivered`, `bounced`, `deferred`, `failed`, `rescheduled`, `interrupted`,
    /// `cancelled`, `content_removed`, `suppressed` or `complained`.
    #[serde(rename = "type")]
    #[schema(example = "delivered")]
    kind: &'static str,
    at: String,
    /// The particulars: recipient, code, message, attempt.
    #[schema(value_type = Object)]
    details: Value,
}

/// What an email says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContentView {
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    headers: BTreeMap<String, String>,
    attachments: Vec<AttachmentView>,
}

/// A file that goes with an email.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    filename: String,
    content_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
    /// In bytes.
    size: usize,
}

fn time(at: DateTime<Utc>) -> String {
    Timestamp::from(at).to_string()
}

impl From<EmailRow> for EmailView {
    fn from(row: EmailRow) -> Self {
        let progress = row.progress;
        let named = |kind: &str| -> Vec<String> {
            let those = progress.recipients.iter().filter(|r| r.kind == kind);
            those.map(|r| shown(&r.address).to_owned()).collect()
        };
        Self {
            to: named("to"),
            cc: named("cc"),
            bcc: named("bcc"),
            id: row.id,
            from: row.sender,
            reply_to: row.reply_to,
            subject: row.subject,
            status: progress.status,
            priority: row.priority,
            tags: row.tags,
            metadata: row.metadata,
            attempts: progress.attempts,
            next_attempt_at: progress.next_attempt_at.map(time),
            last_error: progress.last_error,
            scheduled_at: row.scheduled_at.map(time),
            created_at: time(row.created_at),
            updated_at: time(progress.updated_at),
            recipients: progress.recipients.into_iter().map(RecipientView::from).collect(),
        }
    }
}

impl From<RecipientRow> for RecipientView {
    fn from(row: RecipientRow) -> Self {
        Self {
            address: shown(&row.address).to_owned(),
            kind: row.kind,
            status: row.status,
            code: row.code,
            message: row.message,
            updated_at: time(row.updated_at),
        }
    }
}

impl From<Moment> for MomentView {
    fn from(moment: Moment) -> Self {
        Self { kind: moment.kind, at: moment.at.to_string(), details: moment.details }
    }
}

impl EmailDetails {
    pub(super) fn of(found: Details, content: Option<ContentView>) -> Self {
        let timeline = found.timeline.into_iter().map(MomentView::from).collect();
        let template =
            found.template.map(|made_of| MadeOf { id: made_of.id, version: made_of.version });
        Self { email: found.row.into(), timeline, template, content }
    }
}

impl ContentView {
    pub(super) fn of(content: EmailContent, headers: &ExtraHeaders) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let files = content.attachments.into_iter().map(|file| AttachmentView {
            size: file.content.len(),
            filename: file.filename,
            content_type: file.content_type,
            content_id: file.content_id,
        });
        Self {
            html: content.html,
            text: content.text,
            headers: headers.collect(),
            attachments: files.collect(),
        }
    }
}
