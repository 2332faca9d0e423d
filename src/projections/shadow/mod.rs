//! Tables like the live ones, in which a read model is grown again while nobody sees it.
//!
//! A projector names its tables without their schema. In the session of a shadow, those names mean the
//! shadow's tables; so what grows them is the very code that keeps the live ones.

mod plan;
mod session;

use sqlx::{Connection as _, PgConnection, PgPool};

use super::ReadModel;
use super::table::Table;
use crate::events::Recorded;
pub(super) use plan::{Phase, Plan};
pub(super) use session::{Busy, is_wait, sweep};

/// Where tables are that vanish with their session.
const FLEETING: &str = "pg_temp";

/// A read model that is being grown again.
pub(super) struct Shadow {
    /// The session in which its tables hide the live ones.
    pub(super) db: PgConnection,
    /// Which read model.
    pub(super) model: ReadModel,
    /// How its tables are made and moved.
    pub(super) plan: Plan,
    /// The last fact that it knows.
    pub(super) position: i64,
    /// The last fact that it wants to know.
    pub(super) until: i64,
    /// Where its tables are.
    pub(super) place: Place,
}

/// Where tables are, and where the session found the live ones.
pub(super) struct Place {
    schema: String,
    home: String,
}

impl Place {
    /// Plans once more, in the transaction: the same as before, unless the live tables have been changed.
    pub(super) async fn plan(&self, db: &mut PgConnection, tables: &[Table]) -> sqlx::Result<Plan> {
        session::search_here(&mut *db, &self.home).await?;
        let plan = Plan::of(&mut *db, tables, &self.schema).await?;
        session::search_here(db, &self.path()).await?;
        Ok(plan)
    }

    fn path(&self) -> String {
        format!("{}, {}", self.schema, self.home)
    }
}

impl Shadow {
    /// In a schema of its own, from which the tables can be moved. One at a time: whoever comes second is
    /// told so. What a killed one has left behind is removed.
    pub(super) async fn beside(pool: &PgPool, model: &ReadModel) -> Result<Self, Busy> {
        let mut db = session::open(pool).await?;
        session::alone(&mut db, model.name()).await?;
        let schema = session::schema_of(model.name());
        session::remove(&mut db, &schema).await?;
        session::make(&mut db, &schema).await?;
        Ok(Self::new(db, model, schema).await?)
    }

    /// In tables that nobody else can see, and that are gone with their session, however it ends.
    pub(super) async fn fleeting(pool: &PgPool, model: &ReadModel) -> sqlx::Result<Self> {
        Self::new(session::open(pool).await?, model, FLEETING.to_owned()).await
    }

    async fn new(mut db: PgConnection, model: &ReadModel, schema: String) -> sqlx::Result<Self> {
        let plan = Plan::of(&mut db, model.projector.tables(), &schema).await?;
        let home = session::search_path(&mut db).await?;
        let place = Place { schema, home };
        session::search(&mut db, &place.path()).await?;
        for phase in [Phase::Create, Phase::Keys] {
            plan.run(&mut db, phase).await?;
        }
        let model = model.clone();
        Ok(Self { db, model, plan, position: 0, until: i64::MAX, place })
    }

    /// Takes in those of these facts that it does not know yet and wants to know.
    pub(super) async fn take_in(&mut self, facts: &[Recorded]) -> sqlx::Result<()> {
        let mut db = self.db.begin().await?;
        self.position = apply(&mut db, &self.model, (self.position, self.until), facts).await?;
        db.commit().await
    }

    /// The schema of the live tables.
    pub(super) async fn home(&mut self) -> sqlx::Result<String> {
        let table = self.model.projector.tables().first().map_or("", |table| table.name);
        session::home_of(&mut self.db, table).await
    }

    /// Completes the tables, so that they can take the place of the live ones.
    pub(super) async fn complete(&mut self) -> sqlx::Result<()> {
        for phase in [Phase::Log, Phase::Indexes, Phase::Analyze] {
            self.plan.run(&mut self.db, phase).await?;
        }
        Ok(())
    }

    /// Removes whatever it has made; what cannot be removed now is removed at the next start.
    pub(super) async fn vanish(mut self) {
        if self.place.schema != FLEETING
            && let Err(error) = session::remove(&mut self.db, &self.place.schema).await
        {
            tracing::debug!(%error, schema = self.place.schema, "it is left behind until the next start");
        }
        if let Err(error) = self.db.close().await {
            tracing::debug!(%error, "a session did not end in order");
        }
    }
}

/// Applies those facts that lie between two positions; the position that is reached.
pub(super) async fn apply(
    db: &mut PgConnection,
    model: &ReadModel,
    (after, until): (i64, i64),
    facts: &[Recorded],
) -> sqlx::Result<i64> {
    let from = facts.partition_point(|fact| fact.position <= after);
    let to = facts.partition_point(|fact| fact.position <= until);
    let Some(wanted) = facts.get(from..to) else { return Ok(after) };
    let Some(last) = wanted.last() else { return Ok(after) };
    model.projector.apply(db, wanted).await?;
    Ok(last.position)
}
