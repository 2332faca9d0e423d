//! Whose an email is, for whoever is told of it from outside and knows its id alone.

use super::EventStore;
use crate::values::{EmailId, TenantId};

impl EventStore {
    /// The tenant whose email it is; none if there is no such email.
    pub async fn owner_of(&self, email: EmailId) -> sqlx::Result<Option<TenantId>> {
        let owner = sqlx::query_scalar!(
            "select tenant_id from events where stream_id = $1 and version = 1",
            email.to_string(),
        );
        let owner = owner.fetch_optional(&self.pool).await?.flatten();
        Ok(owner.and_then(|owner| owner.parse().ok()))
    }
}
