//! Read models are grown again and everything is verified while the service serves, by an operator who is
//! interrupted.

use sqlx::PgPool;

use crate::rig::{Home, Postgres, Setup, until};

/// A log that says one thing, and a bill that says another.
async fn falsify(pool: &PgPool) {
    sqlx::raw_sql("update usage set emails_sent = emails_sent + 1").execute(pool).await.unwrap();
}

#[tokio::test]
async fn a_rebuild_that_is_killed_half_way_changes_nothing_and_can_be_started_again() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let setup = Setup::on(&postgres, &home);
    let service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let id = tenant.sends("Hello").await;
    tenant.until_it_is("delivered", &id).await;
    let pool = postgres.pool().await;
    // Somebody reads for long, so that the rebuild stands before its swap.
    let mut reader = pool.begin().await.unwrap();
    sqlx::raw_sql("select count(*) from emails").execute(&mut *reader).await.unwrap();
    let rebuild = setup.spawn(&["projections", "rebuild", "emails"]);
    until("it waits for the reader", async || rebuild.said().contains("waiting")).await;
    let second = setup.run(&["projections", "rebuild", "emails"]).await;
    assert!(second.sentence().contains("being rebuilt already"), "{second:?}");
    rebuild.kill();
    let found = tenant.caller.get("/v1/emails").await.expect(200);
    assert_eq!(found.body["pagination"]["total"], 1, "{}", found.text);
    reader.commit().await.unwrap();
    let again = setup.run(&["projections", "rebuild"]).await.well();
    assert!(again.err.contains("emails: grown again up to position"), "{again:?}");
    let found = tenant.caller.get("/v1/emails").await.expect(200);
    assert_eq!(found.body["pagination"]["total"], 1, "{}", found.text);
    let left: i64 =
        sqlx::query_scalar("select count(*) from pg_namespace where nspname like 'regrown%'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(left, 0, "nothing is left behind");
    pool.close().await;
    service.stop().await.well();
}

#[tokio::test]
async fn verify_says_by_its_code_whether_all_holds() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let setup = Setup::on(&postgres, &home);
    let unchecked = setup.run(&["verify"]).await;
    assert_eq!(unchecked.code, Some(2), "{unchecked:?}");
    assert!(unchecked.err.contains("run selfmx migrate"), "{unchecked:?}");
    let service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let id = tenant.sends("Hello").await;
    tenant.until_it_is("delivered", &id).await;
    let holds = setup.run(&["verify"]).await.well();
    assert!(holds.out.contains("log.positions: holds"), "{holds:?}");
    let pool = postgres.pool().await;
    until("it is counted", async || {
        let sent =
            sqlx::query_scalar::<_, Option<i64>>("select sum(emails_sent)::bigint from usage");
        sent.fetch_one(&pool).await.unwrap() == Some(1)
    })
    .await;
    falsify(&pool).await;
    let broken = setup.run(&["verify", "--json"]).await;
    assert_eq!(broken.code, Some(1), "{broken:?}");
    let told: serde_json::Value = serde_json::from_str(&broken.out).unwrap();
    assert_eq!(told["holds"], false);
    let found = told["checks"].as_array().unwrap().iter();
    let found = found.filter(|check| check["findings"].as_array().is_some_and(|f| !f.is_empty()));
    let found: Vec<_> = found.map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(found, ["projection.usage", "accounting.usage"]);
    setup.run(&["projections", "rebuild", "usage"]).await.well();
    setup.run(&["verify", "--tenant", &tenant.id]).await.well();
    let list = setup.run(&["projections", "list", "--json"]).await.well();
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    let usage = list.as_array().unwrap().iter().find(|model| model["name"] == "usage");
    assert_eq!(usage.unwrap()["rows"]["usage"], 1, "{list}");
    let unknown = setup.run(&["projections", "rebuild", "emials"]).await;
    assert!(unknown.sentence().contains("there is no projection emials"), "{unknown:?}");
    pool.close().await;
    service.stop().await.well();
}
