//! Read models as a later version of the service would have them: grown again from the first fact.

use std::sync::Arc;

use async_trait::async_trait;
use selfmx::events::Recorded;
use selfmx::projections::table::Table;
use selfmx::projections::{self, Projector, ReadModel};
use sqlx::PgConnection;

struct Later(Arc<dyn Projector>);

#[async_trait]
impl Projector for Later {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> i32 {
        self.0.version() + 1
    }

    fn tables(&self) -> &'static [Table] {
        self.0.tables()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Recorded]) -> sqlx::Result<()> {
        self.0.apply(db, facts).await
    }
}

/// All of them.
pub(crate) fn later() -> Vec<ReadModel> {
    let later =
        |model: ReadModel| ReadModel { projector: Arc::new(Later(model.projector)), ..model };
    projections::all().into_iter().map(later).collect()
}
