//! How far each read model has come, for operators.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{Pace, ReadModel};

/// Where a read model stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: &'static str,
    /// `inline` or `following`.
    pub pace: &'static str,
    /// The version of the projector that has grown it; none if none ever has.
    pub version: Option<i32>,
    /// The version that this program has.
    pub wanted_version: i32,
    /// The last fact that it knows.
    pub position: i64,
    /// How many facts it does not know yet.
    pub lag: i64,
    /// The rows of each of its tables, counted.
    pub rows: BTreeMap<&'static str, i64>,
    /// Why it stands still, if it does.
    pub trouble: Option<String>,
}

/// All of them, each as it is in its moment: in one view of the database, a table that takes another's place
/// meanwhile would be empty.
pub async fn standings(pool: &PgPool, models: &[ReadModel]) -> sqlx::Result<Vec<Standing>> {
    // Counting millions of rows takes longer than other questions may.
    let begin = "begin; set local statement_timeout = 0";
    let mut db = pool.begin_with(begin).await?;
    let mut standings = Vec::with_capacity(models.len());
    for model in models {
        standings.push(standing(&mut db, model).await?);
    }
    db.commit().await?;
    Ok(standings)
}

async fn standing(db: &mut PgConnection, model: &ReadModel) -> sqlx::Result<Standing> {
    let row = sqlx::query!(
        r#"select h.position as head, c.version as "version?", c.position as "position?",
                  c.trouble as "trouble?", v.version as "inline?"
           from log_head h
           left join projection_cursors c on c.projection = $1
           left join inline_versions v on v.projection = $1"#,
        model.name(),
    )
    .fetch_one(&mut *db)
    .await?;
    let (pace, version, position) = match model.pace {
        Pace::Inline => ("inline", row.inline, row.head),
        Pace::Following => ("following", row.version, row.position.unwrap_or(0)),
    };
    let mut rows = BTreeMap::new();
    for table in model.projector.tables() {
        rows.insert(table.name, count(db, table.name).await?);
    }
    Ok(Standing {
        name: model.name(),
        pace,
        version,
        wanted_version: model.projector.version(),
        position,
        lag: (row.head - position).max(0),
        rows,
        trouble: row.trouble,
    })
}

async fn count(db: &mut PgConnection, table: &str) -> sqlx::Result<i64> {
    let statement = sqlx::query_scalar!(
        r#"select format('select count(*) from %I', $1::varchar) as "text!""#,
        table,
    );
    let statement = statement.fetch_one(&mut *db).await?;
    sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(db).await
}
