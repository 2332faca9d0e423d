//! Many mails are handed to us at once: each is accepted or refused on its own.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::SendBody;
use super::budget::Budget;
use super::ever_was;
use super::handed::Handed;
use super::send::Queued;
use super::tracking::possible;
use crate::commands::batch::{Batch, Verdict};
use crate::commands::email::{SendEmail, send_email::Refusal};
use crate::http::Api;
use crate::http::apart::apart;
use crate::http::body::Raw;
use crate::http::caller::{Caller, OfTenant, OnTenant, ToSend};
use crate::http::field::{Faults, Field, Unknown, written};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::templates::fill::Ready;
use crate::http::templates::named;
use crate::projections::templates::TemplateRow;
use crate::values::{EmailId, TenantId};

/// Mails in one batch.
const MOST: usize = 500;

/// A batch has use for more values than one mail, and not for as many as all its mails could have.
const MOST_VALUES: usize = 100_000;

/// Templates that one batch names: each is looked up, parsed and held until all its mails are made.
const MOST_TEMPLATES: usize = 20;

/// So many faulty fields of one mail are told; how many there are is told in any case.
const MOST_FAULTS: usize = 20;

/// Emails to be sent.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BatchBody {
    /// 1 to 500 emails, each as in `POST /v1/send`; 36 MiB in all.
    #[serde(default)]
    #[schema(value_type = Vec<SendBody>, min_items = 1, max_items = 500)]
    messages: Field<Vec<Value>>,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Unknown,
}

written! {
    Vec<Value> = "a list of 1 to 500 emails",
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// For each email, in the order of the request.
    data: Vec<One>,
    /// How many are queued.
    #[schema(example = 2)]
    accepted: usize,
    /// How many are not.
    #[schema(example = 1)]
    refused: usize,
}

/// What became of one email of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum One {
    /// It is ours to deliver.
    Queued(Queued),
    /// It is not, as `POST /v1/send` would have said.
    Refused(ErrorBody),
}

/// Sends up to 500 emails. Each is accepted or refused on its own, so look at each; all that are accepted
/// are safely on disk. If none is, nothing is kept under the idempotency key.
#[utoipa::path(post, path = "/v1/send/batch", tag = "Emails", request_body = BatchBody,
    responses((status = 202, body = BatchView), (status = "4XX", body = ErrorBody),
              (status = 503, body = ErrorBody)))]
pub async fn send_batch(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToSend>,
    handed: Handed,
) -> Result<Response, Problem> {
    accepted(&api, (&caller, tenant), &handed).await
}

/// Sends up to 500 emails for a tenant.
#[utoipa::path(post, path = "/v1/tenants/{id}/send/batch", tag = "Emails", request_body = BatchBody,
    operation_id = "send_batch_for", params(("id" = String, Path)),
    responses((status = 202, body = BatchView), (status = "4XX", body = ErrorBody),
              (status = 503, body = ErrorBody)))]
pub async fn send_batch_for(
    State(api): State<Api>,
    OnTenant { caller, tenant }: OnTenant,
    handed: Handed,
) -> Result<Response, Problem> {
    ever_was(&api, tenant).await?;
    accepted(&api, (&caller, tenant), &handed).await
}

async fn accepted(
    api: &Api,
    (caller, tenant): (&Caller, TenantId),
    Handed { asked, raw }: &Handed,
) -> Result<Response, Problem> {
    let places = read(api, (caller, tenant), raw).await?;
    let commands: Vec<SendEmail> =
        places.iter().filter_map(|place| place.as_ref().ok().cloned()).collect();
    let view = |batch: &Batch<Refusal>| viewed(&places, batch, &caller.request_id.0);
    let (response, accepted) = asked.run_batch(api, &raw.bytes, &commands, &view).await?;
    metrics::counter!("selfmx_emails_total").increment(accepted);
    Ok(response)
}

/// What is asked in each place of the batch, or why it cannot be.
type Places = Vec<Result<SendEmail, Problem>>;

/// Reading and sealing many mails would hold up other requests, so another thread does it.
async fn read(
    api: &Api,
    (caller, tenant): (&Caller, TenantId),
    raw: &Raw,
) -> Result<Places, Problem> {
    let (all, now) = (raw.clone(), api.clock.now());
    let parse = move || Ok(messages(&all)?.into_iter().map(message_of).collect::<Vec<_>>());
    let bodies = apart(parse).await?;
    let templates = templates(api, tenant, &bodies).await?;
    let domains = caller.key.allowed_domains.clone();
    let (shared, secrets, senders) = (api.clone(), api.secrets.clone(), api.senders);
    let room = raw.clone();
    let work = move || {
        let ready = |row: Option<TemplateRow>| row.map(|row| shared.shelf.get(row));
        let templates = templates.into_iter().map(|(name, row)| (name, ready(row))).collect();
        let mut budget = Budget::default();
        let one = |body: Result<SendBody, Problem>| {
            let body = body?;
            let template = ready_for(&body, &templates)?;
            let draft = match template {
                Some(_) => budget.timed(|| body.read(now, template))??,
                None => body.read(now, None)?,
            };
            let ids = (tenant, EmailId::at(now));
            let draft = possible(&shared, draft)?;
            let command = SendEmail::of(ids, draft, domains.clone(), &secrets)?;
            budget.hold(command.content.sealed.len())?;
            Ok(SendEmail { senders, ..command })
        };
        let places = bodies.into_iter().map(one).collect();
        // What was made of the body takes up its room until here, whether anybody waits for it or not.
        drop(room);
        Ok(places)
    };
    apart(work).await
}

/// What the mail's template was found to be; beyond the first so many, none was looked for.
fn ready_for<'a>(
    body: &SendBody,
    templates: &'a HashMap<String, Option<Arc<Ready>>>,
) -> Result<Option<&'a Ready>, Problem> {
    let Some(name) = body.template() else { return Ok(None) };
    match templates.get(name) {
        Some(found) => Ok(found.as_deref()),
        None => Err(Problem::invalid_field(
            "template_id",
            format!("one batch names at most {MOST_TEMPLATES} templates: send this in another"),
        )),
    }
}

/// The first so many templates that these mails name, each looked up once.
async fn templates(
    api: &Api,
    tenant: TenantId,
    bodies: &[Result<SendBody, Problem>],
) -> sqlx::Result<HashMap<String, Option<TemplateRow>>> {
    let mut found = HashMap::new();
    for name in bodies.iter().flatten().filter_map(|body| body.template()) {
        if found.len() < MOST_TEMPLATES && !found.contains_key(name) {
            found.insert(name.to_owned(), named(api, tenant, name).await?);
        }
    }
    Ok(found)
}

fn messages(raw: &Raw) -> Result<Vec<Value>, Problem> {
    let body: BatchBody = raw.json_of(MOST_VALUES)?;
    let mut faults = Faults::default();
    faults.unknown("", &body.unknown);
    let messages = body.messages.required("messages", &mut faults);
    if messages.as_ref().is_some_and(|all| !(1..=MOST).contains(&all.len())) {
        faults.add("messages", format!("give 1 to {MOST} emails"));
    }
    faults.done(messages)
}

fn message_of(message: Value) -> Result<SendBody, Problem> {
    // Whatever has another type than its field was taken by the field, which says so later.
    serde_json::from_value(message)
        .map_err(|_| Problem::invalid_field("message", "give one JSON object"))
}

/// The answer: those that could be asked were judged, the others were not even understood. Nobody sends for
/// a tenant that is suspended, paused or gone: that is said once, and so is a day that is used up for all.
fn viewed(
    places: &[Result<SendEmail, Problem>],
    batch: &Batch<Refusal>,
    request: &str,
) -> Result<BatchView, Problem> {
    if let Some(Verdict::Refused(no @ (Refusal::Suspended | Refusal::Paused | Refusal::NoTenant))) =
        batch.verdicts.first()
    {
        return Err(no.clone().into());
    }
    let over = |verdict: &Verdict<Refusal>| matches!(verdict, Verdict::OverQuota { .. });
    if places.iter().all(Result::is_ok)
        && batch.verdicts.iter().all(over)
        && let Some(Err(error)) = batch.verdicts.first().cloned().map(Verdict::into_result)
    {
        return Err(error.into());
    }
    let mut verdicts = batch.verdicts.iter().cloned();
    let each = places.iter().map(|place| match place {
        Err(problem) => Err(problem.clone()),
        Ok(command) => match verdicts.next().map(Verdict::into_result) {
            Some(Ok(())) => Ok(Queued::new(command.email, batch.at)),
            Some(Err(error)) => Err(error.into()),
            None => Err(Problem::internal("a mail of a batch was not judged")),
        },
    });
    let data = each.map(|one| one.map_or_else(|no| refused(no, request), One::Queued));
    let data: Vec<One> = data.collect();
    let accepted = data.iter().filter(|one| matches!(one, One::Queued(_))).count();
    Ok(BatchView { accepted, refused: data.len() - accepted, data })
}

fn refused(mut problem: Problem, request: &str) -> One {
    problem.details.truncate(MOST_FAULTS);
    One::Refused(ErrorBody { error: problem.told_in(request.to_owned()) })
}
