//! How an address on the suppression list looks in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::past::Done;
use crate::commands::suppression::SuppressionState;
use crate::projections::suppressions::SuppressionRow;
use crate::values::{Address, Timestamp};

/// An address on the list.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct SuppressionView {
    #[schema(example = "ann@example.com")]
    address: String,
    /// `hard_bounce`, `complaint` or `manual`.
    #[schema(example = "hard_bounce")]
    reason: String,
    /// The mail that bounced or was complained of.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<String>,
    created_at: String,
}

impl From<SuppressionRow> for SuppressionView {
    fn from(row: SuppressionRow) -> Self {
        Self {
            address: row.address,
            reason: row.reason,
            email_id: row.email_id,
            created_at: Timestamp::from(row.created_at).to_string(),
        }
    }
}

impl SuppressionView {
    /// As it is on the list now: how it came there first stays.
    pub(super) fn added(done: &Done<SuppressionState>, asked: &Address) -> Self {
        let Some((added, at)) = done.past.state.on_it() else { return Self::default() };
        let address = added.personal.known().map_or(asked, |suppressed| &suppressed.address);
        Self {
            address: address.to_string(),
            reason: added.reason.to_string(),
            email_id: added.email.map(|email| email.to_string()),
            created_at: at.to_string(),
        }
    }
}
