//! The first start on a machine with nothing but Postgres' binaries.

use nix::sys::signal::Signal;

use crate::rig::{ADMIN, Home, Service, Setup, Tenant, ordinary};

/// Mail goes all the way, and everything is still there after another start.
async fn serves_and_remembers(home: &Home, setup: &Setup) {
    let first = setup.serve().await;
    let key = first.banner("Admin key");
    assert!(key.starts_with("sk_admin_"), "{key}");
    assert!(first.banner("Data").starts_with(home.data().to_str().unwrap()));
    assert!(first.banner("Mail").contains("/dev/outbox"));
    assert_eq!(first.said().matches(&key).count(), 1, "the key is shown once");
    let keyed = setup.clone().set("ADMIN_API_KEY", "");
    let tenant = tenant_by(&first, &key).await;
    let email = tenant.sends("Hello").await;
    tenant.until_it_is("delivered", &email).await;
    first.stop().await.well();
    assert_eq!(home.postmaster(), None, "its Postgres has ended too");

    let again = keyed.serve().await;
    assert!(!again.said().contains("sk_admin_"), "{}", again.said());
    again.caller(&key).get("/v1/tenants").await.expect(200);
    assert_eq!(tenant.at(&again).look(&email).await.text_at("/status"), "delivered");
    again.signal(Signal::SIGINT);
    again.ends().await.well();
}

async fn tenant_by(service: &Service, key: &str) -> Tenant {
    Tenant::create_by(&service.caller(key), service, "acme.com").await
}

#[tokio::test]
async fn a_fresh_machine_needs_nothing_but_serve() {
    let home = Home::new();
    serves_and_remembers(&home, &Setup::bare(&home)).await;
}

#[tokio::test]
async fn root_serves_from_a_folder_that_only_root_may_enter() {
    let home = Home::closed();
    serves_and_remembers(&home, &Setup::bare(&home)).await;
}

#[tokio::test]
async fn an_ordinary_user_needs_nothing_either() {
    // Whoever is no root is that user already, and so is the first test.
    let Some(user) = ordinary() else { return };
    let home = Home::of(&user);
    serves_and_remembers(&home, &Setup::bare(&home).run_by(&user)).await;
}

#[tokio::test]
async fn the_operators_key_opens_doors_until_another_stands_in_its_place() {
    let home = Home::new();
    let service = Setup::new(&home).serve().await;
    assert!(!service.said().contains(ADMIN), "{}", service.said());
    service.admin().get("/v1/tenants").await.expect(200);
    service.stop().await.well();

    let other = "quite-another-key-of-forty-characters-or-so";
    let service = Setup::new(&home).set("ADMIN_API_KEY", other).serve().await;
    service.caller(other).get("/v1/tenants").await.expect(200);
    service.admin().get("/v1/tenants").await.expect(401);
    service.stop().await.well();
}
