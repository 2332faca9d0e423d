//! The session of a shadow: settings, schema, and the lock that keeps a second one away.

use sqlx::{ConnectOptions as _, PgConnection, PgPool};

use super::plan::run;

/// Growing takes its time; a crash loses what is begun again anyway; and Postgres is to notice when we are
/// gone, also while it works. Tables that grow from nothing have no statistics: what was planned for a few
/// rows would be kept for millions, and whole tables be read for a few. (What is off counts as immensely dear,
/// and what is dear would be compiled to machine code each time: so that is off, too.)
const SETTINGS: &[(&str, &str)] = &[
    ("statement_timeout", "0"),
    ("synchronous_commit", "off"),
    ("client_connection_check_interval", "1s"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// One that was killed a moment ago may hold its lock for so long.
const LINGERING: &str = "2s";

/// Why tables cannot be grown beside the live ones.
#[derive(Debug, thiserror::Error)]
pub(in crate::projections) enum Busy {
    /// Somebody does it already.
    #[error("somebody rebuilds it already")]
    Taken,
    /// Postgres did not do it.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A session that is never shared: it goes with whoever has it.
pub(super) async fn open(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let mut db = (*pool.connect_options()).clone().connect().await?;
    let (names, values): (Vec<String>, Vec<String>) =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).unzip();
    // Those that this Postgres knows: the check of the connection is younger than the others.
    sqlx::query!(
        "select set_config(s.name, s.value, false)
         from unnest($1::varchar[], $2::varchar[]) as s(name, value)
         join pg_settings p on p.name = s.name",
        &names,
        &values,
    )
    .fetch_all(&mut db)
    .await?;
    Ok(db)
}

/// The schema in which a read model is grown again.
pub(super) fn schema_of(model: &str) -> String {
    format!("regrown_{model}")
}

/// Keeps others from growing the same, for as long as the session lives.
pub(super) async fn alone(db: &mut PgConnection, model: &str) -> Result<(), Busy> {
    sqlx::query!("select set_config('lock_timeout', $1, false)", LINGERING)
        .fetch_one(&mut *db)
        .await?;
    let taken = sqlx::query!("select pg_advisory_lock(hashtextextended($1, 0))", schema_of(model));
    match taken.fetch_one(&mut *db).await {
        Ok(_) => {}
        Err(error) if is_wait(&error) => return Err(Busy::Taken),
        Err(error) => return Err(error.into()),
    }
    sqlx::query!("select set_config('lock_timeout', '0', false)").fetch_one(db).await?;
    Ok(())
}

/// SQLSTATE 55P03: somebody had the lock for longer than we wanted to wait.
pub(in crate::projections) fn is_wait(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error();
    refusal.is_some_and(|refusal| refusal.code().is_some_and(|code| code == "55P03"))
}

/// Makes the schema.
pub(super) async fn make(db: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    let statement =
        sqlx::query_scalar!(r#"select format('create schema %I', $1::varchar) as "text!""#, schema);
    let statement = statement.fetch_one(&mut *db).await?;
    run(db, statement).await
}

/// Removes the schema with all that is in it.
pub(super) async fn remove(db: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    let statement = sqlx::query_scalar!(
        r#"select format('drop schema if exists %I cascade', $1::varchar) as "text!""#,
        schema,
    );
    let statement = statement.fetch_one(&mut *db).await?;
    run(db, statement).await
}

/// The schema in which others find a table.
pub(super) async fn home_of(db: &mut PgConnection, table: &str) -> sqlx::Result<String> {
    sqlx::query_scalar!(
        r#"select n.nspname::varchar as "home!"
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relname = $1 and n.nspname = any(current_schemas(false))
             and c.relpersistence <> 't'
           order by array_position(current_schemas(false), n.nspname) limit 1"#,
        table,
    )
    .fetch_one(db)
    .await
}

/// Where the session looks for tables.
pub(super) async fn search_path(db: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar!(r#"select current_setting('search_path') as "path!""#).fetch_one(db).await
}

/// Where it looks from now on.
pub(super) async fn search(db: &mut PgConnection, path: &str) -> sqlx::Result<()> {
    sqlx::query!("select set_config('search_path', $1, false)", path).fetch_one(db).await?;
    Ok(())
}

/// Where it looks until the transaction ends.
pub(super) async fn search_here(db: &mut PgConnection, path: &str) -> sqlx::Result<()> {
    sqlx::query!("select set_config('search_path', $1, true)", path).fetch_one(db).await?;
    Ok(())
}

/// Removes what a killed one has left behind, unless somebody is at it just now.
pub(in crate::projections) async fn sweep(pool: &PgPool, model: &str) -> sqlx::Result<()> {
    let schema = schema_of(model);
    let left = sqlx::query!("select oid from pg_namespace where nspname = $1", schema);
    if left.fetch_optional(pool).await?.is_none() {
        return Ok(());
    }
    let mut db = pool.begin().await?;
    let ours = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as "ours!""#,
        schema,
    );
    if ours.fetch_one(&mut *db).await? {
        tracing::info!(schema, "removing what an unfinished rebuild has left behind");
        remove(&mut db, &schema).await?;
    }
    db.commit().await
}
