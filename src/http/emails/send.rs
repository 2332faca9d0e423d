//! A mail is handed to us: answered once it is on disk.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::SendBody;
use super::handed::Handed;
use super::tracking::possible;
use crate::commands::email::{Draft, SendEmail, send_email::Refusal, send_email::SealError};
use crate::http::Api;
use crate::http::apart::apart;
use crate::http::body::Raw;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSend, no_such_tenant};
use crate::http::idempotency::{Answers, REPLAYED};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::templates::named;
use crate::values::{EmailId, TenantId, Timestamp};

/// Beyond so many bytes, reading and sealing a mail would hold up other requests.
const HEAVY: usize = 128 * 1024;

/// A mail that is ours to deliver.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queued {
    #[schema(value_type = String, example = "msg_01h455vb4pex5vsknk084sn02q")]
    id: EmailId,
    #[schema(example = "queued")]
    status: &'static str,
    #[schema(value_type = String, example = "2024-01-15T10:30:00Z")]
    created_at: Timestamp,
}

impl Queued {
    /// This email, accepted at this moment.
    pub fn new(id: EmailId, created_at: Timestamp) -> Self {
        Self { id, status: "queued", created_at }
    }
}

/// Sends an email: answered once it is safely on disk.
#[utoipa::path(post, path = "/v1/send", tag = "Emails", request_body = SendBody,
    responses((status = 202, body = Queued), (status = "4XX", body = ErrorBody),
              (status = 503, body = ErrorBody)))]
pub async fn send(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSend>,
    handed: Handed,
) -> Result<Response, Problem> {
    accepted(&api, (&caller, tenant), &handed).await
}

/// Sends an email for a tenant.
#[utoipa::path(post, path = "/v1/tenants/{id}/send", tag = "Emails", request_body = SendBody,
    operation_id = "send_for", params(("id" = String, Path)),
    responses((status = 202, body = Queued), (status = "4XX", body = ErrorBody),
              (status = 503, body = ErrorBody)))]
pub async fn send_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    handed: Handed,
) -> Result<Response, Problem> {
    accepted(&api, (&caller, tenant), &handed).await
}

async fn accepted(
    api: &Api,
    (caller, tenant): (&Caller, TenantId),
    Handed { asked, raw }: &Handed,
) -> Result<Response, Problem> {
    let now = api.clock.now();
    let email = EmailId::at(now);
    let sealing = Sealing { api, caller, ids: (tenant, email), now };
    let command = match asked.or_answered_before(api, &raw.bytes, sealing.of(raw).await).await? {
        Ok(command) => command,
        Err(answer) => return Ok(answer),
    };
    let view = |done: &crate::commands::past::Done<_>| Queued::new(email, done.at);
    let answer = (StatusCode::ACCEPTED, view);
    let response = asked.run(api, (&raw.bytes, Answers::Openly), &command, answer).await?;
    if !response.headers().contains_key(REPLAYED) {
        metrics::counter!("selfmx_emails_total").increment(1);
    }
    Ok(response)
}

/// What is needed to make a command of a body.
struct Sealing<'a> {
    api: &'a Api,
    caller: &'a Caller,
    ids: (TenantId, EmailId),
    now: Timestamp,
}

impl Sealing<'_> {
    async fn of(&self, raw: &Raw) -> Result<SendEmail, Problem> {
        let (ids, now) = (self.ids, self.now);
        let body = self.parsed(raw).await?;
        let template = match body.template() {
            Some(name) => named(self.api, ids.0, name).await?,
            None => None,
        };
        let domains = self.caller.key.allowed_domains.clone();
        let secrets = self.api.secrets.clone();
        let senders = self.api.senders;
        let api = self.api.clone();
        let sealed = move |draft: Draft| -> Result<SendEmail, Problem> {
            let command = SendEmail::of(ids, possible(&api, draft)?, domains, &secrets)?;
            Ok(SendEmail { senders, ..command })
        };
        if raw.bytes.len() < HEAVY && template.is_none() {
            return sealed(body.read(now, None)?);
        }
        let (room, parsed) = (raw.clone(), self.api.shelf.clone());
        apart(move || {
            let template = template.map(|row| parsed.get(row));
            let command = sealed(body.read(now, template.as_deref())?)?;
            drop(room);
            Ok(command)
        })
        .await
    }

    async fn parsed(&self, raw: &Raw) -> Result<SendBody, Problem> {
        if raw.bytes.len() < HEAVY {
            return raw.json();
        }
        let raw = raw.clone();
        apart(move || raw.json()).await
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::NoTenant => no_such_tenant(),
            Refusal::Suspended => Self::forbidden("tenant_suspended", message),
            Refusal::Paused => Self::forbidden("sending_paused", message),
            Refusal::NoSender | Refusal::ForeignDomain(_) | Refusal::NoDomain => {
                Self::invalid_field("from", message)
            }
            Refusal::DomainNotAllowed(_) => Self::forbidden("domain_not_allowed", message),
            Refusal::Unverified(_) => Self::forbidden("domain_not_verified", message),
        }
    }
}
