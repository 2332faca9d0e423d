//! What every tenant used, as JSON or CSV, written piece by piece: however many tenants there are, some
//! hundred are held at once.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

use super::period::{Granularity, Known, Wanted, known};
use super::view::{AllUsageView, TenantUsageView};
use super::{csv, rows};
use crate::http::Api;
use crate::http::accept::prefers;
use crate::http::problem::Problem;
use crate::projections::usage::TenantUsage;

const CSV: &str = "text/csv; charset=utf-8; header=present";

/// Tenants in a piece.
const PIECE: i64 = 200;

/// How the answer is written.
#[derive(Clone, Copy)]
struct Form {
    is_csv: bool,
    granularity: Granularity,
    known: Known,
}

pub(super) async fn answer(
    api: &Api,
    wanted: Wanted,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if wanted.at.is_some() {
        let message = "the past is shown for one tenant: /v1/tenants/{id}/usage";
        return Err(Problem::invalid_field("at", message));
    }
    let Wanted { month, granularity, .. } = wanted;
    let is_csv = prefers(headers, "text/csv", "application/json");
    let known = known(api, month, None).await?;
    let first = rows::tenants(&api.pool, month, "", PIECE).await?;
    // The later pieces know as much or more; of a final period there is no more to know.
    let form =
        Form { is_csv, granularity, known: Known { position: Some(first.position), ..known } };
    let (begin, end) = form.frame()?;
    let pool = api.pool.clone();
    let next = move |(tenants, place): (Vec<TenantUsage>, usize)| {
        let pool = pool.clone();
        async move {
            let Some(last) = tenants.last() else { return Ok(None) };
            let later = rows::tenants(&pool, month, &last.tenant_id, PIECE).await?.of;
            let told = place + tenants.len();
            Ok(Some((form.piece(tenants, place)?, (later, told))))
        }
    };
    let pieces = stream::try_unfold((first.of, 0), next);
    let pieces = stream::iter([Ok(begin)]).chain(pieces).chain(stream::iter([Ok(end)]));
    let content_type = if is_csv { CSV } else { "application/json" };
    api.streams.answer(content_type, pieces).await
}

impl Form {
    /// What stands before and after the tenants.
    fn frame(&self) -> Result<(Bytes, Bytes), Problem> {
        if self.is_csv {
            return Ok((csv::head(self.granularity).into(), Bytes::new()));
        }
        let empty = serde_json::to_string(&AllUsageView::of(&self.known));
        let empty = empty.map_err(|error| Problem::internal(error.to_string()))?;
        // The list is the last of its fields: the tenants are written before its bracket is closed.
        let open = empty.strip_suffix("]}").unwrap_or(&empty).to_owned();
        Ok((open.into(), "]}".into()))
    }

    /// Some tenants, of whom `place` were told before.
    fn piece(&self, tenants: Vec<TenantUsage>, place: usize) -> sqlx::Result<Bytes> {
        let mut text = String::new();
        for (place, tenant) in (place..).zip(tenants) {
            if self.is_csv {
                csv::lines(&mut text, &self.known, self.granularity, &tenant);
                continue;
            }
            let view = TenantUsageView::of(tenant, &self.known, self.granularity);
            let view = serde_json::to_string(&view);
            text.push_str(if place == 0 { "" } else { "," });
            text.push_str(&view.map_err(|error| sqlx::Error::Encode(error.into()))?);
        }
        Ok(text.into())
    }
}
