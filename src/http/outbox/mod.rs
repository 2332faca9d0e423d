//! The built-in outbox, for those who have no relay yet: caught mail of all tenants, for admins.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::caller::Admin;
use super::problem::{ErrorBody, Problem};
use super::query::NoQuery;
use crate::mail::outbox::{Caught, CaughtMail, Outbox};
use crate::values::Timestamp;

/// A page that asks for an admin key and shows what the routes below answer.
const PAGE: &str = include_str!("outbox.html");

/// A mail that was caught.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaughtView {
    id: u64,
    from: String,
    to: Vec<String>,
    subject: String,
    message_id: String,
    #[schema(value_type = String)]
    received_at: Timestamp,
    /// In bytes.
    size: usize,
}

/// A mail that was caught, taken apart.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaughtMailView {
    #[serde(flatten)]
    mail: CaughtView,
    headers: Vec<Header>,
    text: Option<String>,
    html: Option<String>,
    /// The names of its files.
    attachments: Vec<String>,
    /// As it came.
    raw: String,
}

/// A header of a mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct Header {
    name: String,
    value: String,
}

/// All mails that were caught.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaughtList {
    /// The latest first; the last 1,000 are kept, as long as the process lives.
    data: Vec<CaughtView>,
}

/// Browsers get a page, which asks for the key; programs get JSON, and bring theirs along.
pub async fn page_for_browsers(request: Request, next: Next) -> Response {
    let wants_page = |headers: &HeaderMap| {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    };
    if request.method() == Method::GET && wants_page(request.headers()) {
        return Html(PAGE).into_response();
    }
    next.run(request).await
}

/// Lists the mails that were caught.
#[utoipa::path(get, path = "/dev/outbox", tag = "Outbox",
    responses((status = 200, body = CaughtList), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(api): State<Api>,
    _admin: Admin,
    _: NoQuery,
) -> Result<Json<CaughtList>, Problem> {
    let caught = outbox(&api)?.list();
    Ok(Json(CaughtList { data: caught.into_iter().map(CaughtView::from).collect() }))
}

/// Shows a mail that was caught.
#[utoipa::path(get, path = "/dev/outbox/{id}", tag = "Outbox", params(("id" = u64, Path)),
    responses((status = 200, body = CaughtMailView), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    _admin: Admin,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<CaughtMailView>, Problem> {
    let caught = id.parse().ok().and_then(|id| outbox(&api).ok()?.get(id));
    let caught = caught.ok_or_else(|| Problem::not_found("there is no such mail"))?;
    Ok(Json(caught.into()))
}

/// Throws all mails that were caught away.
#[utoipa::path(delete, path = "/dev/outbox", tag = "Outbox",
    responses((status = 204, description = "They are gone."), (status = "4XX", body = ErrorBody)))]
pub async fn clear(
    State(api): State<Api>,
    _admin: Admin,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    outbox(&api)?.clear();
    Ok(StatusCode::NO_CONTENT)
}

fn outbox(api: &Api) -> Result<&Outbox, Problem> {
    let none = || Problem::not_found("there is no outbox: mail goes to the relay in SMTP_HOST");
    api.outbox.as_ref().ok_or_else(none)
}

impl From<Caught> for CaughtView {
    fn from(caught: Caught) -> Self {
        Self {
            id: caught.id,
            from: caught.from,
            to: caught.to,
            subject: caught.subject,
            message_id: caught.message_id,
            received_at: caught.received_at,
            size: caught.size,
        }
    }
}

impl From<CaughtMail> for CaughtMailView {
    fn from(mail: CaughtMail) -> Self {
        let headers = mail.headers.into_iter().map(|(name, value)| Header { name, value });
        Self {
            mail: mail.caught.into(),
            headers: headers.collect(),
            text: mail.text,
            html: mail.html,
            attachments: mail.attachments,
            raw: mail.raw,
        }
    }
}
