//! What is asked to be sent, read with all its faults.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use super::said::{TemplateFields, Written};
use super::tracking::TrackingWishBody;
use crate::commands::email::Draft;
use crate::http::field::{Faults, Field, Unknown, shown, written};
use crate::http::problem::Problem;
use crate::http::templates::fill::Ready;
use crate::values::{
    Attachment, EmailContent, EmailMetadata, ExtraHeaders, MAX_ATTACHMENT_BYTES, Mailbox, Priority,
    Recipients, Tags, Timestamp,
};

/// A mail can wait so long.
const FURTHEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// So late may a clock be: a time that has only just passed means now.
const JUST_NOW: Duration = Duration::from_secs(60);

/// Files in one mail.
const MOST_FILES: usize = 100;

/// An email to be sent.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SendBody {
    /// `hello@acme.com` or `Acme <hello@acme.com>`; may be absent if the tenant has a default. Its
    /// domain must be the tenant's.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Acme <hello@acme.com>")]
    from: Field<String>,
    /// An address or a list of them; 1 to 50 recipients in `to`, `cc` and `bcc` together.
    #[serde(default)]
    #[schema(value_type = OneOrMany)]
    to: Field<OneOrMany>,
    #[serde(default)]
    #[schema(value_type = Option<OneOrMany>)]
    cc: Field<OneOrMany>,
    #[serde(default)]
    #[schema(value_type = Option<OneOrMany>)]
    bcc: Field<OneOrMany>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Welcome")]
    subject: Field<String>,
    /// At least one of `html` and `text`, or a template.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "<p>Hello</p>")]
    html: Field<String>,
    /// At least one of `html` and `text`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Hello")]
    text: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reply_to: Field<String>,
    /// Further headers, such as `List-Unsubscribe`; none of those that the service writes itself.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    headers: Field<BTreeMap<String, String>>,
    /// 25 MiB in all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<AttachmentBody>>)]
    attachments: Field<Vec<AttachmentBody>>,
    /// Up to ten words to find it by.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Field<Vec<String>>,
    /// Your own data, up to 50 strings under names.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    metadata: Field<BTreeMap<String, String>>,
    /// Not before this moment, up to 30 days ahead.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2030-01-01T00:00:00Z")]
    scheduled_at: Field<String>,
    /// `high`, `normal` (default) or `low`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    priority: Field<String>,
    /// What is tracked of its reading, if not what the tenant's settings say; needs `PUBLIC_URL`.
    #[serde(default)]
    #[schema(value_type = Option<TrackingWishBody>)]
    tracking: Field<TrackingWishBody>,
    #[serde(flatten)]
    template: TemplateFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// A file that goes with an email.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AttachmentBody {
    #[serde(default)]
    #[schema(value_type = String, example = "invoice.pdf")]
    filename: Field<String>,
    /// In base64.
    #[serde(default)]
    #[schema(value_type = String)]
    content: Field<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "application/pdf")]
    content_type: Field<String>,
    /// By which the HTML refers to it (`cid:`): then it is shown inside.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    content_id: Field<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

/// An address, or a list of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Many.
    Many(Vec<String>),
}

written! {
    OneOrMany = "an address or a list of addresses",
    Vec<AttachmentBody> = "a list of objects",
}

impl SendBody {
    /// The template that it names, if it names one.
    pub fn template(&self) -> Option<&str> {
        self.template.named()
    }

    /// What is to be sent, or all that is wrong; `template` is what was found under the name.
    pub fn read(self, now: Timestamp, template: Option<&Ready>) -> Result<Draft, Problem> {
        let mut faults = Faults::default();
        faults.unknown("", &self.unknown);
        let from = self.from.parsed("from", &mut faults);
        let before = faults.count();
        let to = mailboxes(self.to, "to", &mut faults);
        let cc = mailboxes(self.cc, "cc", &mut faults);
        let bcc = mailboxes(self.bcc, "bcc", &mut faults);
        let recipients = if faults.count() == before {
            faults.keep("to", Recipients::new(to, cc, bcc))
        } else {
            None
        };
        let written = Written { subject: self.subject, html: self.html, text: self.text };
        let said = written.read(self.template, template, &mut faults);
        let reply_to = self.reply_to.parsed("reply_to", &mut faults);
        let headers = headers_of(self.headers, &mut faults);
        let files = self.attachments.optional("attachments", &mut faults).unwrap_or_default();
        let attachments = attachments_of(files, &mut faults)?;
        let tags = tags_of(self.tags, &mut faults);
        let metadata = metadata_of(self.metadata, &mut faults);
        let scheduled_at = scheduled(self.scheduled_at, now, &mut faults);
        let priority = self.priority.parsed::<Priority>("priority", &mut faults);
        let tracking = self.tracking.optional("tracking", &mut faults).unwrap_or_default();
        let tracking = tracking.read(&mut faults);
        let draft = recipients.zip(said).map(|(recipients, said)| Draft {
            from,
            recipients,
            reply_to,
            subject: said.subject,
            headers,
            content: EmailContent { html: said.html, text: said.text, attachments },
            tags,
            metadata,
            scheduled_at,
            priority: priority.unwrap_or_default(),
            template: said.template,
            tracking,
        });
        faults.done(draft)
    }
}

fn mailboxes(field: Field<OneOrMany>, name: &str, faults: &mut Faults) -> Vec<Mailbox> {
    match field.optional(name, faults) {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => faults.keep(name, text.parse()).into_iter().collect(),
        Some(OneOrMany::Many(texts)) => {
            let each = texts.iter().enumerate();
            each.filter_map(|(place, text)| faults.keep(&format!("{name}[{place}]"), text.parse()))
                .collect()
        }
    }
}

fn headers_of(field: Field<BTreeMap<String, String>>, faults: &mut Faults) -> ExtraHeaders {
    let mut headers = ExtraHeaders::default();
    for (name, value) in field.optional("headers", faults).unwrap_or_default() {
        if let Err(error) = headers.push(&name, &value) {
            faults.add(format!("headers.{}", shown(&name)), error.to_string());
        }
    }
    headers
}

fn attachments_of(
    files: Vec<AttachmentBody>,
    faults: &mut Faults,
) -> Result<Vec<Attachment>, Problem> {
    if files.len() > MOST_FILES {
        faults.add("attachments", format!("too many files: at most {MOST_FILES}"));
        return Ok(Vec::new());
    }
    let encoded: usize = files.iter().map(AttachmentBody::encoded_length).sum();
    if encoded / 4 * 3 > MAX_ATTACHMENT_BYTES + 3 * MOST_FILES {
        return Err(Problem::too_large("the attachments are too large: at most 25 MiB in all"));
    }
    let each = files.into_iter().enumerate();
    let read: Vec<_> = each.filter_map(|(place, file)| file.read(place, faults)).collect();
    let size: usize = read.iter().map(|file| file.content.len()).sum();
    if size > MAX_ATTACHMENT_BYTES {
        return Err(Problem::too_large("the attachments are too large: at most 25 MiB in all"));
    }
    Ok(read)
}

impl AttachmentBody {
    fn encoded_length(&self) -> usize {
        match &self.content {
            Field::Given(text) => text.len(),
            Field::Absent | Field::Null | Field::Wrong => 0,
        }
    }

    fn read(self, place: usize, faults: &mut Faults) -> Option<Attachment> {
        let at = format!("attachments[{place}]");
        faults.unknown(&format!("{at}."), &self.unknown);
        let filename = self.filename.required(&format!("{at}.filename"), faults);
        let content = self.content.required(&format!("{at}.content"), faults);
        let content_type = self.content_type.optional(&format!("{at}.content_type"), faults);
        let content_id = self.content_id.optional(&format!("{at}.content_id"), faults);
        let (filename, content) = filename.zip(content)?;
        let parsed =
            Attachment::parse(&filename, &content, content_type.as_deref(), content_id.as_deref());
        match parsed {
            Ok(file) => Some(file),
            Err(all) => {
                for fault in all {
                    faults.add(format!("{at}.{}", fault.field()), fault.to_string());
                }
                None
            }
        }
    }
}

fn tags_of(field: Field<Vec<String>>, faults: &mut Faults) -> Tags {
    let mut tags = Tags::default();
    for (place, tag) in field.optional("tags", faults).unwrap_or_default().iter().enumerate() {
        faults.keep(&format!("tags[{place}]"), tags.push(tag));
    }
    tags
}

fn metadata_of(field: Field<BTreeMap<String, String>>, faults: &mut Faults) -> EmailMetadata {
    let mut metadata = EmailMetadata::default();
    for (key, value) in field.optional("metadata", faults).unwrap_or_default() {
        faults.keep(&format!("metadata.{}", shown(&key)), metadata.insert(&key, &value));
    }
    metadata
}

fn scheduled(field: Field<String>, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let at: Timestamp = field.parsed("scheduled_at", faults)?;
    if at.plus(JUST_NOW) < now {
        faults.add("scheduled_at", "this time has passed: leave the field out to send now");
    } else if at > now.plus(FURTHEST) {
        faults.add("scheduled_at", "too far ahead: at most 30 days");
    }
    Some(at)
}
