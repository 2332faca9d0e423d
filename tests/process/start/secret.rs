//! The secret is exchanged while a service runs, and nothing is lost.

use std::fs;

use crate::rig::{Home, Postgres, Setup};

#[tokio::test]
async fn the_secret_in_the_data_folder_is_exchanged_while_its_service_runs() {
    let home = Home::new();
    let setup = Setup::new(&home);
    let service = setup.serve().await;
    let acme = service.tenant("acme.com").await;
    let email = acme.sends("Before").await;
    let secret = || fs::read_to_string(home.data().join("secret_key")).unwrap();
    let former = secret();
    // The one before was killed when it had only begun.
    fs::write(home.data().join("secret_key.next"), "a secret that nobody has let in so far")
        .unwrap();
    setup.run(&["secret-key", "rotate"]).await.well();
    assert_ne!(secret(), former);
    assert!(!home.data().join("secret_key.next").exists());
    assert_eq!(acme.look(&email).await.text_at("/subject"), "Before");
    acme.sends("Between").await;
    service.stop().await.well();

    let again = setup.serve().await;
    assert_eq!(acme.at(&again).look(&email).await.text_at("/subject"), "Before");
    again.stop().await.well();
    fs::write(home.data().join("secret_key"), former).unwrap();
    let refused = setup.run(&["serve", "--port", "0"]).await;
    assert!(refused.sentence().contains("SECRET_KEY"), "{}", refused.err);
}

#[tokio::test]
async fn the_operators_secret_is_exchanged_in_two_steps() {
    const NEW: &str = "the new secret, which is also long enough";
    let (postgres, home) = (Postgres::start().await, Home::new());
    let old = Setup::on(&postgres, &home);
    let new = old.clone().set("SECRET_KEY", NEW);
    let service = old.serve().await;
    let acme = service.tenant("acme.com").await;
    let email = acme.sends("Before").await;
    let refused = old.run(&["secret-key", "rotate"]).await;
    assert!(refused.sentence().contains("NEW_SECRET_KEY"), "{}", refused.err);
    let refused = new.run(&["secret-key", "finish"]).await;
    assert!(refused.sentence().contains("SECRET_KEY"), "{}", refused.err);
    let rotate = old.clone().set("NEW_SECRET_KEY", NEW);
    rotate.run(&["secret-key", "rotate"]).await.well();
    rotate.run(&["secret-key", "rotate"]).await.well();

    let second = new.serve().await;
    assert_eq!(acme.at(&second).look(&email).await.text_at("/subject"), "Before");
    service.stop().await.well();
    new.run(&["secret-key", "finish"]).await.well();
    let refused = old.run(&["admin-key", "list"]).await;
    assert!(refused.sentence().contains("SECRET_KEY"), "{}", refused.err);
    assert_eq!(acme.at(&second).look(&email).await.text_at("/subject"), "Before");
    second.stop().await.well();
}
