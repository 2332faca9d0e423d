//! Health, life and readiness.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn a_service_that_is_well_says_so_without_a_key(db: PgPool) {
    let app = App::start(&db).await;
    let nobody = app.nobody();
    let health = nobody.get("/health").await.expect(200);
    let version = env!("CARGO_PKG_VERSION");
    let well = json!({"status": "ok", "version": version, "database": "ok", "smtp": "outbox",
                      "queue_depth": 0});
    assert_eq!(health.body, well);
    assert_eq!(nobody.get("/livez").await.expect(200).text, "ok");
    assert_eq!(nobody.get("/readyz").await.expect(200).text, "ok");
    app.stop().await;
}

#[sqlx::test]
async fn a_process_without_its_database_lives_but_is_not_ready(db: PgPool) {
    let app = App::start(&db).await;
    let nobody = app.nobody();
    sqlx::raw_sql("alter table send_queue rename to away").execute(&db).await.unwrap();
    sqlx::raw_sql("alter table _sqlx_migrations rename to gone").execute(&db).await.unwrap();
    let health = nobody.get("/health").await.expect(503);
    assert_eq!(
        (health.text_at("/status"), health.text_at("/database")),
        ("degraded".into(), "unreachable".into())
    );
    assert_eq!(health.body["queue_depth"], json!(null));
    let ready = nobody.get("/readyz").await.expect(503);
    assert_eq!(ready.header("retry-after").as_deref(), Some("1"));
    nobody.get("/livez").await.expect(200);
    sqlx::raw_sql("alter table away rename to send_queue").execute(&db).await.unwrap();
    sqlx::raw_sql("alter table gone rename to _sqlx_migrations").execute(&db).await.unwrap();
    nobody.get("/health").await.expect(200);
    nobody.get("/readyz").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn where_mail_goes_is_shown(db: PgPool) {
    let app = App::with(&db, &[("SMTP_HOST", "127.0.0.1"), ("SMTP_TLS", "none")]).await;
    assert_eq!(app.nobody().get("/health").await.expect(200).text_at("/smtp"), "relay");
    app.admin().get("/dev/outbox").await.expect(404);
    app.stop().await;
}
