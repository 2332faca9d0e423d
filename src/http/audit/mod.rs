//! Tree heads, proofs and exports: what an auditor needs to trust the log without trusting us.
//!
//! For admins, and for tenants' keys that may do everything in their tenant. A tree head shows how many
//! facts all tenants have together, and a proof holds digests of others' facts; since each fact has a
//! number of 74 random bits, no digest can be guessed from what it might be of.

pub mod export;
pub mod proof;
mod query;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::caller::{Allowed, ToAudit, no_such_tenant};
use super::problem::{ErrorBody, Problem};
use super::query::NoQuery;
use crate::audit::checkpoint;
use crate::projections::audit::tree::Tree;
use crate::projections::audit::{AuditError, caught_up};

/// The key by which signed tree heads are checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// The log's name, which is the first line of its checkpoints.
    #[schema(example = "selfmx/0123456789abcdef")]
    origin: String,
    /// As notes of C2SP are checked with it: name, hash and key.
    #[schema(
        example = "selfmx/0123456789abcdef+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )]
    verifier_key: String,
    /// `Ed25519`.
    algorithm: &'static str,
    /// The 32 bytes of the key, in base64.
    public_key: String,
    /// The same as other tools read it.
    pem: String,
}

/// Shows the key by which signed tree heads are checked. It is the same as long as the installation lives:
/// keep it where nobody who runs the service can change it.
#[utoipa::path(get, path = "/v1/audit/key", tag = "Audit",
    responses((status = 200, body = KeyView), (status = "4XX", body = ErrorBody)))]
pub async fn key(State(api): State<Api>, _: Allowed<ToAudit>, _: NoQuery) -> Json<KeyView> {
    let verifier = api.audit.verifier();
    Json(KeyView {
        origin: verifier.name().to_owned(),
        verifier_key: verifier.to_string(),
        algorithm: "Ed25519",
        public_key: verifier.public(),
        pem: verifier.pem(),
    })
}

/// Shows the signed head of the tree over all facts so far (c2sp.org/tlog-checkpoint).
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "Audit",
    responses((status = 200, body = String, content_type = "text/plain"),
              (status = "4XX", body = ErrorBody)))]
pub async fn checkpoint(
    State(api): State<Api>,
    _: Allowed<ToAudit>,
    _: NoQuery,
) -> Result<Response, Problem> {
    let covered = caught_up(&api.pool).await?;
    let signed = signed(&api, &mut Tree::of(&api.pool, covered)).await?;
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((plain, signed).into_response())
}

async fn signed(api: &Api, tree: &mut Tree) -> Result<String, Problem> {
    let signed = checkpoint::sign(&api.audit, tree.head().await?);
    signed.map_err(|error| Problem::internal(error.to_string()))
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        let message = error.to_string();
        match error {
            AuditError::Database(error) => error.into(),
            AuditError::Behind => Self::unavailable(message),
            AuditError::TooFar { .. } | AuditError::TooSmall => {
                Self::invalid_field("size", message)
            }
            AuditError::NewerThan => Self::invalid_field("from_size", message),
            AuditError::NoTenant => no_such_tenant(),
            AuditError::NoFact => Self::not_found(message),
            AuditError::Unwritable => Self::internal(message),
        }
    }
}
