//! `kill -9` at any moment, and everything is still there after the next start.

use std::fs;

use nix::sys::signal::{Signal, kill};

use crate::rig::{Home, Setup, pid, until};

/// A moment of the first start, by what there is to see of it.
type Moment = fn(&Home) -> bool;

#[tokio::test]
async fn the_first_start_may_be_cut_at_any_moment() {
    let moments: [(&str, Moment); 5] = [
        ("the folder is locked", |home| home.data().join("lock").exists()),
        // Or is made already, where the test looked up late.
        ("a cluster is being made", |home| !half_made(home).is_empty() || is_made(home)),
        ("a cluster stands", is_made),
        ("Postgres begins", |home| home.pid_file().exists()),
        ("a secret is made", |home| home.data().join("secret_key").exists()),
    ];
    let home = Home::new();
    let setup = Setup::new(&home);
    for (moment, reached) in moments {
        let service = setup.spawn(&["serve", "--port", "0"]);
        until(moment, async || reached(&home)).await;
        service.kill();
    }
    let service = setup.serve().await;
    service.tenant("acme.com").await.sends("Hello").await;
    service.stop().await.well();
    assert_eq!(half_made(&home), Vec::<String>::new(), "what was cut off is cleared away");
}

fn is_made(home: &Home) -> bool {
    home.cluster().join("PG_VERSION").exists()
}

fn half_made(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.data()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("postgres-new-")).collect()
}

#[tokio::test]
async fn a_service_goes_on_with_the_postgres_that_a_killed_one_has_left() {
    let home = Home::new();
    let setup = Setup::new(&home);
    let first = setup.serve().await;
    let tenant = first.tenant("acme.com").await;
    let email = tenant.sends("Hello").await;
    first.kill();
    let left = home.postmaster().unwrap();

    let second = setup.serve().await;
    assert_eq!(home.postmaster(), Some(left));
    tenant.at(&second).until_it_is("delivered", &email).await;
    let ended = second.stop().await.well();
    assert!(!pid::runs(left), "it ends with the service that has taken it over");
    assert!(!ended.out.contains("does not end"), "{}", ended.out);
}

#[tokio::test]
async fn nothing_is_lost_when_postgres_is_killed_with_the_service() {
    let home = Home::new();
    let setup = Setup::new(&home);
    let mut emails = Vec::new();
    let mut service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    for _ in 0..2 {
        emails.push(tenant.at(&service).sends("Hello").await);
        let postmaster = home.postmaster().unwrap();
        service.kill();
        kill(postmaster, Signal::SIGKILL).unwrap();
        assert!(home.pid_file().exists(), "a stale pid file lies about");
        service = setup.serve().await;
    }
    for email in &emails {
        tenant.at(&service).until_it_is("delivered", email).await;
    }
    service.stop().await.well();
}

#[tokio::test]
async fn a_pid_file_that_names_somebody_else_is_no_hindrance() {
    let home = Home::new();
    let setup = Setup::new(&home);
    setup.serve().await.stop().await.well();
    // As after a restart of the machine: the number is now another process's.
    let stale =
        format!("{}\n{}\n1700000000\n5432\n\n\n", std::process::id(), home.cluster().display());
    fs::write(home.pid_file(), stale).unwrap();
    let service = setup.serve().await;
    service.admin().get("/v1/tenants").await.expect(200);
    service.stop().await.well();
}
