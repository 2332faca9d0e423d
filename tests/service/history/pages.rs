//! Page by page, while facts come in: none is told twice and none is passed over.

use sqlx::PgPool;

use super::{in_the_log, many, positions};
use crate::app::App;

#[sqlx::test]
async fn pages_tell_each_fact_once_while_more_come_in(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let mut told = Vec::new();
    let mut after = String::new();
    for round in 0.. {
        if round < 8 {
            acme.sends(&acme.hello()).await;
            other.sends(&other.hello()).await;
        } else {
            app.settle().await;
        }
        let page = acme.path(&format!("/events?limit=3{after}"));
        let page = app.admin().get(&page).await.expect(200);
        assert_eq!(page.number_at("/pagination/limit"), 3);
        told.extend(positions(&page));
        let cursor = page.body["pagination"]["next_cursor"].as_str();
        if cursor.is_none() && round > 8 {
            break;
        }
        // Who has come to the end of what has happened goes on from the last that it was told.
        let last = told.last().unwrap();
        after = cursor.map_or(format!("&after={last}"), |cursor| format!("&cursor={cursor}"));
    }
    assert_eq!(told, in_the_log(&app, &acme).await);
    assert!(told.len() > 25, "{told:?}");
    app.stop().await;
}

#[sqlx::test]
async fn a_page_reads_what_stands_on_it_however_long_the_log_and_however_deep_the_page(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    many(&app, &other, 20_000, 9).await;
    many(&app, &acme, 2_000, 9).await;
    many(&app, &other, 20_000, 9).await;
    sqlx::raw_sql("vacuum analyze events").execute(&app.pool).await.unwrap();
    let of_tenant = include_str!("../../../src/events/store/history_of_tenant.sql");
    let of_types = include_str!("../../../src/events/store/history_of_types.sql");
    let deep = *in_the_log(&app, &acme).await.iter().rev().nth(100).unwrap();
    for after in [0, deep] {
        let plain = touched(&app, of_tenant, &[&acme.id], after).await;
        assert!(plain < 20, "{plain} pages of the disk for a page of 21 facts after {after}");
        let typed = touched(&app, of_types, &[&acme.id, "tenant.resumed"], after).await;
        assert!(typed < 120, "{typed} pages of the disk for a page of a type after {after}");
    }
    app.stop().await;
}

/// How many pages of tables and indexes Postgres looks at for an answer.
async fn touched(app: &App, sql: &str, with: &[&str], after: i64) -> i64 {
    let quoted = |text: &str| format!("'{text}'");
    let last = i64::MAX.to_string();
    let sql = match with {
        [tenant] => sql
            .replace("$1", &quoted(tenant))
            .replace("$2", &after.to_string())
            .replace("$3", &last)
            .replace("$4", "21"),
        [tenant, kind] => sql
            .replace("$1", &quoted(tenant))
            .replace("$2", &format!("array[{}]", quoted(kind)))
            .replace("$3", &after.to_string())
            .replace("$4", &last)
            .replace("$5", "null")
            .replace("$6", "null")
            .replace("$7", "21"),
        _ => panic!("{with:?}"),
    };
    let explain = sqlx::AssertSqlSafe(format!("explain (analyze, buffers, format json) {sql}"));
    let plan: serde_json::Value = sqlx::query_scalar(explain).fetch_one(&app.pool).await.unwrap();
    let plan = &plan[0]["Plan"];
    let blocks = |name: &str| plan[name].as_i64().unwrap();
    blocks("Shared Hit Blocks") + blocks("Shared Read Blocks")
}
