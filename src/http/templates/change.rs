//! Templates are made, changed and deleted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::body::TemplateBody;
use super::view::{TemplateDeleted, TemplateView};
use super::{id_of, no_such_template};
use crate::commands::past::Done;
use crate::commands::template::{
    DeleteTemplate, TemplateState, create_template, delete_template, update_template,
};
use crate::http::Api;
use crate::http::apart::apart;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToChangeTemplates, no_such_tenant};
use crate::http::idempotency::{Answers, Asked};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;
use crate::values::TemplateId;

/// Makes a template: a broken one is refused with line and column.
#[utoipa::path(post, path = "/v1/templates", tag = "Templates", request_body = TemplateBody,
    responses((status = 201, body = TemplateView), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToChangeTemplates>,
    _: NoQuery,
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    let template = TemplateId::at(api.clock.now());
    let body = raw.json::<TemplateBody>()?;
    let command = apart(move || body.into_creation((tenant, template))).await?;
    let view = |done: &Done<TemplateState>| TemplateView::after(done, template);
    asked.run(&api, (&raw.bytes, Answers::Openly), &command, (StatusCode::CREATED, view)).await
}

/// Makes a new version of a template: what is absent stays, `null` clears.
#[utoipa::path(put, path = "/v1/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name.")),
    request_body = TemplateBody,
    responses((status = 200, body = TemplateView), (status = "4XX", body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeTemplates>,
    _: NoQuery,
    Path(id): Path<String>,
    raw: Raw,
) -> Result<Json<TemplateView>, Problem> {
    let template = id_of(&api, tenant, &id).await?;
    let body = raw.json::<TemplateBody>()?;
    let command = apart(move || body.into_change((tenant, template))).await?;
    let done = api.commands.run(&caller.context(), &command).await?;
    Ok(Json(TemplateView::after(&done, template)))
}

/// Makes a new version of a template: what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/v1/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name.")),
    request_body = TemplateBody,
    responses((status = 200, body = TemplateView), (status = "4XX", body = ErrorBody)))]
pub async fn patch(
    state: State<Api>,
    of: OfTenant<ToChangeTemplates>,
    none: NoQuery,
    path: Path<String>,
    raw: Raw,
) -> Result<Json<TemplateView>, Problem> {
    put(state, of, none, path, raw).await
}

/// Deletes a template; mail that was made of it stays as it is.
#[utoipa::path(delete, path = "/v1/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name.")),
    responses((status = 200, body = TemplateDeleted), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(api): State<Api>,
    OfTenant { caller, tenant, .. }: OfTenant<ToChangeTemplates>,
    _: NoQuery,
    Path(id): Path<String>,
) -> Result<Json<TemplateDeleted>, Problem> {
    let template = id_of(&api, tenant, &id).await?;
    api.commands.run(&caller.context(), &DeleteTemplate { tenant, template }).await?;
    Ok(Json(TemplateDeleted { id: template, deleted: true }))
}

impl From<create_template::Refusal> for Problem {
    fn from(refusal: create_template::Refusal) -> Self {
        match refusal {
            create_template::Refusal::NoTenant => no_such_tenant(),
            create_template::Refusal::Empty => Self::invalid_field("text", refusal.to_string()),
        }
    }
}

impl From<update_template::Refusal> for Problem {
    fn from(refusal: update_template::Refusal) -> Self {
        match refusal {
            update_template::Refusal::NotFound => no_such_template(),
            update_template::Refusal::Empty => Self::invalid_field("text", refusal.to_string()),
        }
    }
}

impl From<delete_template::Refusal> for Problem {
    fn from(refusal: delete_template::Refusal) -> Self {
        match refusal {
            delete_template::Refusal::NotFound => no_such_template(),
        }
    }
}
