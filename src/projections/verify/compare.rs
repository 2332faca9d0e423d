//! The live tables beside those that were grown again, in one view of the database.

use futures_util::TryStreamExt as _;
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{check, origin};
use crate::events::store::ReadError;
use crate::projections::cursor::{self, Cursor};
use crate::projections::growth::{Source, grow};
use crate::projections::shadow::{Shadow, apply};
use crate::projections::table::Table;
use crate::values::{Column, Difference, Finding, TenantId, Verdict};

/// Tables are compared as a whole, not looked up row by row, as it is best while they grow.
const COMPARING: &str = "set local enable_seqscan = on; set local enable_hashjoin = on; \
                         set local enable_mergejoin = on";

/// A row that differs, as Postgres tells it.
#[derive(Debug, Deserialize)]
struct Row {
    key: Value,
    live: Option<Map<String, Value>>,
    regrown: Option<Map<String, Value>>,
}

/// The questions about a table, as Postgres writes them.
struct Questions {
    table: &'static Table,
    differences: String,
    count: String,
    lock: String,
}

/// Where the live tables are by now.
pub(super) async fn live(shadow: &mut Shadow, pool: &PgPool) -> sqlx::Result<Cursor> {
    let mut db = pool.acquire().await?;
    cursor::look(&mut db, &shadow.model).await
}

/// Brings the shadow to where the live tables are, and compares them.
pub(super) async fn compare(shadow: &mut Shadow, source: Source<'_>) -> Result<Verdict, ReadError> {
    let now = live(shadow, source.log.pool()).await?;
    shadow.until = now.position;
    grow(source, std::slice::from_mut(shadow), |_| {}).await?;
    let questions = questions(shadow).await?;
    let Shadow { db, model, position, .. } = shadow;
    // The locks come before the view: tables that are put in place after it would be empty in it.
    let mut db = db.begin_with("begin isolation level repeatable read").await?;
    for one in &questions {
        run(&mut db, &one.lock).await?;
    }
    let live = cursor::look(&mut db, model).await?;
    let mut position = *position;
    loop {
        let piece = source.read_on(&mut db, position).await?;
        let reached = apply(&mut db, model, (position, live.position), &piece.facts).await?;
        if reached == position {
            break;
        }
        position = reached;
    }
    run(&mut db, COMPARING).await?;
    let mut verdict = Verdict::on(check(model));
    for one in &questions {
        one.ask(&mut db, source.tenant, live.position, &mut verdict).await?;
    }
    db.rollback().await?;
    Ok(verdict)
}

async fn run(db: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(db).await?;
    Ok(())
}

async fn questions(shadow: &mut Shadow) -> sqlx::Result<Vec<Questions>> {
    let home = shadow.home().await?;
    let (mut all, passing) = (Vec::new(), shadow.model.projector.passing());
    for table in shadow.model.projector.tables() {
        let work: Vec<String> = table.work_state.iter().map(|&name| name.to_owned()).collect();
        let written = sqlx::query_file!(
            "src/projections/verify/compare.sql",
            home,
            table.name,
            &work,
            table.tenant,
            passing.filter(|passing| passing.table == table.name).map(|passing| passing.time),
            shadow.model.name(),
        )
        .fetch_one(&mut shadow.db)
        .await?;
        let (differences, count, lock) = (written.question, written.count, written.lock);
        all.push(Questions { table, differences, count, lock });
    }
    Ok(all)
}

impl Questions {
    async fn ask(
        &self,
        db: &mut PgConnection,
        tenant: Option<TenantId>,
        until: i64,
        verdict: &mut Verdict,
    ) -> sqlx::Result<()> {
        let tenant = tenant.map(|tenant| tenant.to_string());
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(self.count.clone())).bind(&tenant);
        verdict.looked_at += count.fetch_one(&mut *db).await?;
        let mut told = Vec::new();
        let asked = AssertSqlSafe(self.differences.clone());
        let mut rows = sqlx::query_scalar::<_, Json<Row>>(asked).bind(&tenant).fetch(&mut *db);
        while let Some(Json(row)) = rows.try_next().await? {
            if told.len() < verdict.room() {
                told.push(row);
            } else {
                verdict.further += 1;
            }
        }
        drop(rows);
        for row in told {
            let Some(seen) = row.live.as_ref().or(row.regrown.as_ref()) else { continue };
            let positions = origin::positions(db, self.table.origin, seen, until).await?;
            verdict.find(row.finding(self.table, positions));
        }
        Ok(())
    }
}

impl Row {
    fn finding(self, table: &Table, positions: Vec<i64>) -> Finding {
        let (name, key) = (table.name, &self.key);
        let (message, columns) = match (self.live, self.regrown) {
            (Some(live), Some(regrown)) => (
                format!("a row of {name} is not what the log says: {key}"),
                columns(table, live, &regrown),
            ),
            (Some(_), None) => (format!("a row of {name} that no fact made: {key}"), Vec::new()),
            (None, _) => (format!("a row of {name} is missing: {key}"), Vec::new()),
        };
        let difference = Difference { table: name, key: self.key, columns };
        Finding { message, positions, difference: Some(difference) }
    }
}

fn columns(table: &Table, live: Map<String, Value>, regrown: &Map<String, Value>) -> Vec<Column> {
    let differs = |(name, live): (String, Value)| {
        let regrown = regrown.get(&name).cloned().unwrap_or(Value::Null);
        let matters = !table.work_state.contains(&name.as_str());
        (matters && live != regrown).then_some(Column { name, live, regrown })
    };
    live.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::projections::table::Origin;

    const TABLE: Table = Table {
        name: "things",
        tenant: None,
        work_state: &["lease"],
        origin: Origin::Stream("id"),
    };

    fn row(value: Value) -> Row {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_the_columns_that_differ_and_matter_are_told() {
        let row = row(json!({
            "key": {"id": 1},
            "live": {"id": 1, "size": 2, "lease": 3, "name": "a"},
            "regrown": {"id": 1, "size": 4, "lease": null, "name": "a"},
        }));
        let difference = row.finding(&TABLE, vec![5]).difference.unwrap();
        let size = Column { name: "size".to_owned(), live: json!(2), regrown: json!(4) };
        assert_eq!(difference.columns, [size]);
    }

    #[test]
    fn a_row_on_one_side_only_is_too_much_or_missing() {
        let too_much = row(json!({"key": 1, "live": {"id": 1}, "regrown": null}));
        assert!(too_much.finding(&TABLE, vec![]).message.contains("no fact made"));
        let missing = row(json!({"key": 1, "live": null, "regrown": {"id": 1}}));
        assert!(missing.finding(&TABLE, vec![]).message.contains("is missing"));
    }
}
