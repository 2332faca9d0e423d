//! What a tenant used that no other fact tells.

use serde::{Deserialize, Serialize};

/// Counts of one tenant on one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum UsageEvent {
    /// So many more authenticated requests were made with the tenant's keys.
    #[serde(rename = "usage.api_requests_counted")]
    ApiRequestsCounted {
        /// Requests since the last such fact of this day.
        requests: u64,
    },
}
