//! Proofs of RFC 9162: that a fact is in a tree, and that a tree is the beginning of another.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::query::{position, size};
use super::signed;
use crate::audit::Hash;
use crate::http::Api;
use crate::http::caller::{Allowed, Caller, ToAudit};
use crate::http::field::{Faults, Field, Unknown};
use crate::http::problem::{ErrorBody, Problem};
use crate::http::query::Query;
use crate::projections::audit::tree::{self, Tree};
use crate::projections::audit::{AuditError, caught_up};

/// Which fact, in which tree.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    /// The fact's place in the log, from one.
    #[serde(default)]
    #[param(value_type = i64, required = true)]
    position: Field<String>,
    /// The tree of so many facts; all so far if absent.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    size: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// Which trees.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// The older tree's number of facts.
    #[serde(default)]
    #[param(value_type = u64, required = true)]
    first: Field<String>,
    /// The newer tree's; all so far if absent.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    second: Field<String>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

/// That a fact is in a tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct InclusionView {
    /// The fact's place in the log, from one; in the tree it is one less.
    position: i64,
    /// How many facts the tree has.
    size: u64,
    /// The fact's leaf hash, in base64.
    #[schema(value_type = String)]
    leaf: Hash,
    /// The tree's root hash, in base64.
    #[schema(value_type = String)]
    root: Hash,
    /// From the leaf to the root (RFC 9162, 2.1.3), in base64.
    #[schema(value_type = Vec<String>)]
    proof: Vec<Hash>,
    /// The signed head of the tree.
    checkpoint: String,
}

/// That a tree is the beginning of another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// How many facts the older tree has.
    first: u64,
    /// How many facts the newer tree has.
    second: u64,
    /// From the older root to the newer one (RFC 9162, 2.1.4), in base64.
    #[schema(value_type = Vec<String>)]
    proof: Vec<Hash>,
    /// The signed head of the newer tree.
    checkpoint: String,
}

/// Proves that a fact is in the tree. A tenant's key can ask about its own facts.
#[utoipa::path(get, path = "/v1/audit/proof/inclusion", tag = "Audit", params(InclusionQuery),
    responses((status = 200, body = InclusionView), (status = "4XX", body = ErrorBody)))]
pub async fn inclusion(
    State(api): State<Api>,
    Allowed { caller, .. }: Allowed<ToAudit>,
    Query(query): Query<InclusionQuery>,
) -> Result<Json<InclusionView>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let position = position(query.position, "position", &mut faults);
    let size = size(query.size, "size", &mut faults);
    let position = faults.done(position)?;
    known(&api, &caller, position).await?;
    let mut tree = sized(&api, ("size", size)).await?;
    let proof = tree.inclusion(position).await?;
    let (head, leaf) = (tree.head().await?, tree::leaf(&api.pool, position).await?);
    let checkpoint = signed(&api, &mut tree).await?;
    let (size, root) = (head.size, head.root);
    Ok(Json(InclusionView { position, size, leaf, root, proof, checkpoint }))
}

/// Proves that the tree of so many facts is the beginning of another: nothing in it was changed.
#[utoipa::path(get, path = "/v1/audit/proof/consistency", tag = "Audit", params(ConsistencyQuery),
    responses((status = 200, body = ConsistencyView), (status = "4XX", body = ErrorBody)))]
pub async fn consistency(
    State(api): State<Api>,
    _: Allowed<ToAudit>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<Json<ConsistencyView>, Problem> {
    let mut faults = Faults::default();
    faults.unknown("", &query.unknown);
    let first = position(query.first, "first", &mut faults);
    let second = size(query.second, "second", &mut faults);
    let first = u64::try_from(faults.done(first)?).unwrap_or(0);
    if first == 0 {
        return Err(Problem::invalid_field(
            "first",
            "give at least 1: whatever is began with nothing",
        ));
    }
    let mut tree = sized(&api, ("second", second)).await?;
    let head = tree.head().await?;
    if first > head.size {
        let message = format!("the newer tree has {} facts: give no more", head.size);
        return Err(Problem::invalid_field("first", message));
    }
    let proof = tree.consistency(first).await?;
    let checkpoint = signed(&api, &mut tree).await?;
    Ok(Json(ConsistencyView { first, second: head.size, proof, checkpoint }))
}

/// What is another's does not exist.
async fn known(api: &Api, caller: &Caller, position: i64) -> Result<(), Problem> {
    let owner = tree::owner(&api.pool, position).await?;
    let own = caller.key.tenant.map(|tenant| tenant.to_string());
    match owner {
        Some(owner) if caller.is_admin() || owner == own => Ok(()),
        Some(_) | None => Err(AuditError::NoFact.into()),
    }
}

/// The tree of so many facts, or of all so far.
async fn sized(api: &Api, (field, size): (&str, Option<u64>)) -> Result<Tree, Problem> {
    let covered = caught_up(&api.pool).await?;
    let asked = size.unwrap_or(covered);
    if asked > covered {
        return Err(Problem::invalid_field(field, AuditError::TooFar { covered }.to_string()));
    }
    Ok(Tree::of(&api.pool, asked))
}
