//! The commands beside `serve`, while a service runs and while none does.

use crate::rig::{Home, Postgres, Setup};

/// A key is made, opens doors, is listed, and is revoked.
async fn keys_come_and_go(setup: &Setup) {
    setup.run(&["migrate"]).await.well();
    let made = setup.run(&["admin-key", "create", "--name", "The billing job"]).await.well().out;
    let (id, token) = made.trim().split_once('\n').unwrap();
    assert!(token.starts_with("sk_admin_"), "{made}");

    let service = setup.serve().await;
    service.caller(token).get("/v1/tenants").await.expect(200);
    setup.run(&["migrate"]).await.well();
    let listed = setup.run(&["admin-key", "list"]).await.well().out;
    assert!(listed.contains(id) && listed.contains("The billing job"), "{listed}");
    assert!(!listed.contains(token), "{listed}");
    let second = setup.run(&["admin-key", "create"]).await.well().out;
    let (second_id, second_token) = second.trim().split_once('\n').unwrap();
    service.caller(second_token).get("/v1/tenants").await.expect(200);

    setup.run(&["admin-key", "revoke", id]).await.well();
    crate::rig::until("the revoked key opens nothing", async || {
        service.caller(token).get("/v1/tenants").await.status == 401
    })
    .await;
    service.stop().await.well();

    setup.run(&["admin-key", "revoke", second_id]).await.well();
    let listed = setup.run(&["admin-key", "list"]).await.well().out;
    assert!(!listed.contains(id) && !listed.contains(second_id), "{listed}");
    let unknown = setup.run(&["admin-key", "revoke", id]).await;
    assert!(unknown.code == Some(0) || unknown.sentence().contains(id), "{}", unknown.err);
}

#[tokio::test]
async fn keys_come_and_go_on_our_own_postgres() {
    let home = Home::new();
    keys_come_and_go(&Setup::new(&home)).await;
    assert_eq!(home.postmaster(), None, "the last command has ended it");
}

#[tokio::test]
async fn keys_come_and_go_on_the_operators_postgres() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    keys_come_and_go(&Setup::on(&postgres, &home)).await;
    assert!(!home.data().exists(), "nothing is kept outside the database");
}
