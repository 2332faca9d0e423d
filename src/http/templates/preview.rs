//! A look at what an email of a template would say.

use axum::extract::{Path, State};
use axum::response::Response;

use super::body::PreviewBody;
use super::fill::fill;
use super::known;
use super::view::TemplatePreview;
use crate::http::Api;
use crate::http::apart::apart;
use crate::http::body::Raw;
use crate::http::caller::{OfTenant, ToSeeTemplates};
use crate::http::field::Faults;
use crate::http::idempotency::Asked;
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::NoQuery;

/// Fills a template without sending anything.
#[utoipa::path(post, path = "/v1/templates/{id}/preview", tag = "Templates",
    params(("id" = String, Path, description = "Its id or its name.")),
    request_body = PreviewBody,
    responses((status = 200, body = TemplatePreview), (status = "4XX", body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    OfTenant { tenant, .. }: OfTenant<ToSeeTemplates>,
    path: (Path<String>, NoQuery),
    asked: Asked,
    raw: Raw,
) -> Result<Response, Problem> {
    if let Some(before) = asked.answered(&api, &raw.bytes).await? {
        return Ok(before);
    }
    let row = known(&api, tenant, &path.0).await?;
    let body = raw.json_or_nothing::<PreviewBody>()?;
    let shelf = api.shelf.clone();
    let filled = apart(move || {
        let mut faults = Faults::default();
        let filling = body.read(&mut faults);
        let filled = fill(&shelf.get(row), &filling, None, &mut faults);
        faults.done(filled)
    })
    .await?;
    asked.keep(&api, &raw.bytes, TemplatePreview::from(filled)).await
}
