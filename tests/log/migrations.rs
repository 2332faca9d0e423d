//! A migration that meets the service on its way is tried again.

use selfmx::database::migrate;
use sqlx::{Connection as _, PgPool};

/// Whether somebody waits for what another transaction has made.
async fn somebody_waits(db: &PgPool) -> bool {
    let waiting = "select exists (select from pg_locks l join pg_stat_activity a using (pid)
                   where not l.granted and a.datname = current_database())";
    sqlx::query_scalar(waiting).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_migration_that_postgres_undoes_for_a_deadlock_is_tried_again(db: PgPool) {
    let mut service = db.acquire().await.unwrap().detach();
    // Whoever looks for deadlocks last is not the one that is undone.
    let patient = "begin; set local deadlock_timeout = '60s'; create table log_head ()";
    sqlx::raw_sql(patient).execute(&mut service).await.unwrap();
    let crossing = async {
        while !somebody_waits(&db).await {
            tokio::task::yield_now().await;
        }
        // The migration made this one before it began to wait.
        sqlx::raw_sql("create table events ()").execute(&mut service).await.unwrap();
        sqlx::raw_sql("rollback").execute(&mut service).await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrate::run(&db), crossing);
    migrated.unwrap();
    assert!(migrate::is_up_to_date(&db).await.unwrap());
    service.close().await.unwrap();
}
