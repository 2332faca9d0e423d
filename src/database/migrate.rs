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
    connection.ensure_migrations_table(&known.table_name).await?;
    let applied = connection.list_applied_migrations(&known.table_name).await?;
    let has = |version: i64| applied.iter().any(|one| one.version == version);
    Ok(known.iter().all(|migration| has(migration.version)))
}
