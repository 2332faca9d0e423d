//! The statements that make tables like the live ones, and put them in their place.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::projections::table::Table;

/// What the statements are for; they are run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The tables, empty.
    Create = 1,
    /// What must be unique in them.
    Keys = 2,
    /// From here on they survive a crash.
    Log = 3,
    /// Further indexes, settings and rights: built at the end, since that is quicker than keeping them up.
    Indexes = 4,
    /// So that Postgres knows what is in them before the first question.
    Analyze = 5,
    /// Nobody reads the live ones, for as long as the swap takes.
    Lock = 6,
    /// What is being done just now goes on.
    CarryOver = 7,
    /// The live ones go.
    Drop = 8,
    /// The others take their names.
    Move = 9,
    /// Triggers, as they were.
    Triggers = 10,
    /// Those that replication does not switch off either.
    Always = 11,
}

/// All statements, with what the tables looked like when they were written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    steps: Vec<(i32, String)>,
}

impl Plan {
    /// Plans for tables that are found by the search path of this session.
    pub(crate) async fn of(
        db: &mut PgConnection,
        tables: &[Table],
        schema: &str,
    ) -> sqlx::Result<Self> {
        let names: Vec<String> = tables.iter().map(|table| table.name.to_owned()).collect();
        let work: Vec<String> = tables.iter().map(|table| table.work_state.join(",")).collect();
        let steps = sqlx::query_file!("src/projections/shadow/plan.sql", &names, &work, schema)
            .fetch_all(db)
            .await?;
        Ok(Self { steps: steps.into_iter().map(|step| (step.phase, step.statement)).collect() })
    }

    /// Runs one phase.
    pub(crate) async fn run(&self, db: &mut PgConnection, phase: Phase) -> sqlx::Result<()> {
        for (_, statement) in self.steps.iter().filter(|(at, _)| *at == phase as i32) {
            run(db, statement.clone()).await?;
        }
        Ok(())
    }
}

/// Runs a statement that Postgres has written, with names quoted by it.
pub(crate) async fn run(db: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await?;
    Ok(())
}
