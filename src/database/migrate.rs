//! The migrations, compiled in.

use sqlx::PgPool;
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!();
    // A newer version may have migrated already while this one still serves.
    migrations.set_ignore_missing(true);
    migrations
}

/// Brings the schema up to date; several nodes that start at once take turns.
pub async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    migrations().run(pool).await
}

/// True once every migration that this version knows has been run.
pub async fn is_up_to_date(pool: &PgPool) -> Result<bool, MigrateError> {
    let known = migrations();
    let mut connection = pool.acquire().await?;
    let applied = match connection.list_applied_migrations(&known.table_name).await {
        Err(MigrateError::Execute(error)) if is_unknown_table(&error) => return Ok(false),
        applied => applied?,
    };
    let has = |version: i64| applied.iter().any(|one| one.version == version);
    Ok(known.iter().all(|migration| has(migration.version)))
}

/// SQLSTATE 42P01: nothing has ever been migrated.
fn is_unknown_table(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error();
    refusal.is_some_and(|refusal| refusal.code().is_some_and(|code| code == "42P01"))
}
