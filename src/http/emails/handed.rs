//! What every request that hands mail over brings besides its tenant: read once it is known who asks.

use axum::extract::{FromRequest, FromRequestParts, Request};

use crate::http::Api;
use crate::http::body::Raw;
use crate::http::idempotency::Asked;
use crate::http::problem::Problem;
use crate::http::query::NoQuery;

/// Mail that is handed over; such a route knows no parameters.
#[derive(Debug)]
pub struct Handed {
    /// By which the request is recognised if it comes again.
    pub asked: Asked,
    /// The mail, not understood yet.
    pub raw: Raw,
}

impl FromRequest<Api> for Handed {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        NoQuery::from_request_parts(&mut parts, api).await?;
        let asked = Asked::from_request_parts(&mut parts, api).await?;
        let raw = Raw::from_request(Request::from_parts(parts, body), api).await?;
        Ok(Self { asked, raw })
    }
}
