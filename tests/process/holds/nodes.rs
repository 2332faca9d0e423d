//! Several services on one Postgres.

use std::collections::HashSet;

use serde_json::json;

use super::killed::{copies, times};
use crate::rig::{Home, Postgres, Service, Setup, until};
use crate::support::relay::TestRelay;

#[tokio::test]
async fn nodes_that_start_at_once_migrate_once_and_make_one_key() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let setup = Setup::on(&postgres, &home);
    let mut nodes: Vec<Service> = (0..4).map(|_| setup.spawn(&["serve", "--port", "0"])).collect();
    for node in &mut nodes {
        node.wait_until_it_serves().await;
        node.admin().get("/v1/tenants").await.expect(200);
    }
    let pool = postgres.pool().await;
    let keys: i64 =
        sqlx::query_scalar("select count(*) from events where type = 'api_key.created'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(keys, 1);
    let migrations = "select version from _sqlx_migrations where success order by version";
    let migrations: Vec<i64> = sqlx::query_scalar(migrations).fetch_all(&pool).await.unwrap();
    let ours = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let ours = ours.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut ours: Vec<i64> = ours.map(|name| name[..4].parse().unwrap()).collect();
    ours.sort_unstable();
    assert_eq!(migrations, ours);
    pool.close().await;
}

#[tokio::test]
async fn nodes_share_the_mail_and_none_goes_twice() {
    let (postgres, home, relay) = (Postgres::start().await, Home::new(), TestRelay::start().await);
    let setup = Setup::on(&postgres, &home).relay(relay.port()).set("QUEUE_WORKERS", "4");
    let front = setup.clone().set("ROLES", "api,projector").serve().await;
    let tenant = front.tenant("acme.com").await;
    let mut ids = HashSet::new();
    for number in 0..60 {
        ids.insert(tenant.sends(&format!("Number {number}")).await);
    }
    assert_eq!(relay.mails().len(), 0, "nobody delivers yet");
    let delivering = setup.clone().set("ROLES", "delivery");
    let mut nodes: Vec<Service> =
        (0..2).map(|_| delivering.spawn(&["serve", "--port", "0"])).collect();
    for node in &mut nodes {
        node.wait_until_it_serves().await;
    }
    for id in &ids {
        let email = tenant.until_it_is("delivered", id).await;
        assert_eq!((times(&email, "sending"), times(&email, "interrupted")), (1, 0));
        assert_eq!(copies(&relay.mails(), id), 1);
    }
    assert_eq!(relay.mails().len(), 60);
    for node in nodes {
        node.stop().await.well();
    }
    front.stop().await.well();
}

#[tokio::test]
async fn another_node_goes_on_with_the_read_models_when_one_is_killed() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let setup = Setup::on(&postgres, &home).set("ROLES", "api,projector");
    let first = setup.serve().await;
    let tenant = first.tenant("acme.com").await;
    let second = setup.serve().await;
    let there = tenant.at(&second);
    tenant.sends("One").await;
    let total = async || there.caller.get("/v1/emails").await.number_at("/pagination/total");
    until("one is listed", async || total().await == 1).await;
    first.kill();
    there.sends("Two").await;
    until("two are listed, and no more", async || total().await == 2).await;
    let usage = format!("/v1/tenants/{}/usage", tenant.id);
    until("both are counted, and once", async || {
        second.admin().get(&usage).await.text.contains(r#""emails_sent":2"#)
    })
    .await;
    second.stop().await.well();
}

#[tokio::test]
async fn what_changes_on_one_node_holds_on_all() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let (shared, own) = (TestRelay::start().await, TestRelay::start().await);
    let setup = Setup::on(&postgres, &home).relay(shared.port());
    let (first, second) = (setup.serve().await, setup.serve().await);
    let tenant = first.tenant("acme.com").await;
    let there = tenant.at(&second);
    let mail = there.sends("By the shared relay").await;
    there.until_it_is("delivered", &mail).await;
    assert_eq!(shared.mails().len(), 1);

    let change = json!({
        "smtp": {"host": "127.0.0.1", "port": own.port(), "tls": "none"},
        "rate_limit": {"requests_per_minute": 5000},
    });
    let path = format!("/v1/tenants/{}", tenant.id);
    first.admin().patch(&path, &change).await.expect(200);
    let mail = there.sends("By its own relay").await;
    there.until_it_is("delivered", &mail).await;
    assert_eq!((shared.mails().len(), own.mails().len()), (1, 1));
    until("the limit holds there too", async || {
        let answer = there.caller.get("/v1/emails").await;
        answer.header("x-ratelimit-limit").as_deref() == Some("5000")
    })
    .await;

    let key = format!("{path}/api-keys/{}", tenant.key_id);
    first.admin().delete(&key).await.expect(200);
    until("the key opens nothing there", async || {
        there.caller.get("/v1/emails").await.status == 401
    })
    .await;
    first.stop().await.well();
    second.stop().await.well();
}
