//! The migrations, compiled in.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use tokio::time::sleep;

/// So often a migration is tried whose way the former version crosses.
const TRIES: u32 = 10;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!();
    // A newer version may have migrated already while this one still serves.
    migrations.set_ignore_missing(true);
    migrations
}

/// Brings the schema up to date; several nodes that start at once take turns.
///
/// What a migration locks the former version may want in another order: then Postgres undoes one of the two, and
/// a migration that was undone as a whole is tried again.
pub async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    let mut tries = 1;
    loop {
        // Not given back to the pool: one that has failed still holds the turn.
        let mut connection = pool.acquire().await?.detach();
        match migrations().run_direct(None, &mut connection, false).await {
            Err(error) if tries < TRIES && is_deadlock(&error) => {
                tracing::info!(%error, "a migration met the service on its way and is tried again");
            }
            done => return done,
        }
        drop(connection);
        tries += 1;
        sleep(PAUSE).await;
    }
}

/// SQLSTATE 40P01.
fn is_deadlock(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    error
        .as_database_error()
        .is_some_and(|refusal| refusal.code().is_some_and(|code| code == "40P01"))
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
