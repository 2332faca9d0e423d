//! Our own Postgres dies under a service that runs on.

use nix::sys::signal::{Signal, kill};

use crate::rig::{Home, Setup, until};

#[tokio::test]
async fn a_service_brings_its_postgres_back_and_nothing_is_lost() {
    let home = Home::new();
    let service = Setup::new(&home).set("DB_POOL_TIMEOUT", "2").serve().await;
    let tenant = service.tenant("acme.com").await;
    let before = tenant.sends("Before").await;
    let dead = home.postmaster().unwrap();
    kill(dead, Signal::SIGKILL).unwrap();

    // Whoever asks meanwhile is told to come back, or waits a little. Sessions outlive their Postgres for a
    // moment, and still take mail.
    let mut taken = vec![before];
    until("mail is taken by another Postgres", async || {
        let another = home.postmaster().is_some_and(|postmaster| postmaster != dead);
        let answer = tenant.caller.post("/v1/send", &tenant.email("After")).await;
        match answer.status {
            202 => taken.push(answer.text_at("/id")),
            503 => assert!(answer.header("retry-after").is_some(), "{}", answer.text),
            status => panic!("{status}: {}", answer.text),
        }
        another && answer.status == 202
    })
    .await;
    for email in taken {
        tenant.until_it_is("delivered", &email).await;
    }
    assert!(service.said().contains("our Postgres has ended"), "{}", service.said());
    service.stop().await.well();
    assert_eq!(home.postmaster(), None);
}

#[tokio::test]
async fn a_start_that_is_called_off_leaves_no_postgres_behind() {
    let home = Home::new();
    let service = Setup::new(&home).spawn(&["serve", "--port", "0"]);
    until("Postgres begins", async || home.postmaster().is_some()).await;
    let begun = home.postmaster();
    service.stop().await.well();
    until("Postgres has gone", async || {
        begun.is_none_or(|postmaster| !crate::rig::pid::runs(postmaster))
    })
    .await;
    Setup::new(&home).serve().await.stop().await.well();
}
