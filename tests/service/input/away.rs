//! What is answered while the database is away, and to web pages of other origins.

use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::assert_is_an_error;
use crate::app::{App, until};

/// Takes the database away, or gives it back: nobody may connect, and whoever is connected is cut off.
async fn allow_connections(db: &PgPool, allowed: bool) {
    let options = (*db.connect_options()).clone();
    let name = options.get_database().unwrap().to_owned();
    let mut other = PgConnection::connect_with(&options.database("postgres")).await.unwrap();
    let alter = format!("alter database \"{name}\" with allow_connections {allowed}");
    sqlx::raw_sql(AssertSqlSafe(alter)).execute(&mut other).await.unwrap();
    if !allowed {
        let cut = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
                   where datname = $1";
        let cut: i64 = sqlx::query_scalar(cut).bind(name).fetch_one(&mut other).await.unwrap();
        assert!(cut > 0);
    }
    other.close().await.unwrap();
}

#[sqlx::test]
async fn while_the_database_is_away_callers_are_told_to_come_back_and_then_served(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    allow_connections(&db, false).await;
    let (admin, own) = (app.admin(), &acme.caller);
    for answer in [
        own.get("/v1/emails").await,
        own.post("/v1/send", &acme.hello()).await,
        own.post_once("key", "/v1/send", &acme.hello()).await,
        own.get("/v1/tenant").await,
        admin.get("/v1/tenants").await,
        admin.post("/v1/tenants", &json!({"name": "New"})).await,
        admin.delete(&acme.path("")).await,
        app.nobody().get("/readyz").await,
    ] {
        assert_is_an_error(&answer);
        assert_eq!((answer.status, &*answer.code()), (503, "unavailable"), "{}", answer.text);
        assert!(answer.header("retry-after").is_some());
    }
    let health = app.nobody().get("/health").await.expect(503);
    assert_eq!(health.text_at("/database"), "unreachable");
    app.nobody().get("/livez").await.expect(200);
    app.nobody().get("/v1/x").await.expect(404);
    allow_connections(&db, true).await;
    until("it is taken again", async || own.post("/v1/send", &acme.hello()).await.status == 202)
        .await;
    app.nobody().get("/readyz").await.expect(200);
    app.stop().await;
}

#[sqlx::test]
async fn a_web_page_may_ask_only_from_an_origin_that_is_set(db: PgPool) {
    let app = App::with(&db, &[("CORS_ORIGINS", "https://app.acme.com")]).await;
    let ask = async |method: Method, origin: &'static str| {
        let nobody = app.nobody();
        let asked = nobody.request(method, "/v1/send").header("Origin", origin);
        nobody.send(asked.header("Access-Control-Request-Method", "POST")).await
    };
    for (origin, allowed) in [
        ("https://app.acme.com", true),
        ("http://app.acme.com", false),
        ("https://app.acme.com.evil.com", false),
        ("null", false),
    ] {
        let expected = allowed.then(|| origin.to_owned());
        let preflight = ask(Method::OPTIONS, origin).await.expect(200);
        assert_eq!(preflight.header("access-control-allow-origin"), expected, "{origin}");
        assert!(preflight.header("x-request-id").is_some());
        let refused = ask(Method::POST, origin).await.expect(401);
        assert_eq!(refused.header("access-control-allow-origin"), expected, "{origin}");
        assert_eq!(refused.header("access-control-allow-credentials"), None);
    }
    app.stop().await;
}

#[sqlx::test]
async fn without_origins_in_the_settings_no_web_page_may_ask(db: PgPool) {
    let app = App::start(&db).await;
    let nobody = app.nobody();
    for method in [Method::OPTIONS, Method::GET] {
        let asked = nobody.request(method, "/v1/emails").header("Origin", "https://evil.com");
        let answer = nobody.send(asked).await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    app.stop().await;
}
