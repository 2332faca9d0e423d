//! What an operator got wrong is said in sentences, all at once, and without secrets.

use crate::rig::{Home, Setup};

#[tokio::test]
async fn all_wrong_settings_are_named_at_once_and_no_secret_is_shown() {
    let home = Home::new();
    let ended = Setup::bare(&home)
        .set("PORT", "eighty")
        .set("SECRET_KEY", "hunter2")
        .set("ADMIN_API_KEY", "hunter2")
        .set("DATABASE_URL", "mysql://root:hunter2@localhost/mail")
        .set("SMTP_PASS", "hunter2")
        .set("SMTP_HOST", "relay.example")
        .set("LOG_FORMAT", "xml")
        .run(&["serve"])
        .await;
    let said = ended.sentence();
    let named = ["PORT", "SECRET_KEY", "ADMIN_API_KEY", "DATABASE_URL", "SMTP_PASS", "LOG_FORMAT"];
    for name in named {
        assert!(said.lines().any(|line| line.starts_with(name)), "{name} is not in: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!home.data().exists(), "nothing was begun");
}

#[tokio::test]
async fn a_database_of_the_operators_wants_the_operators_secret() {
    let home = Home::new();
    let setup = Setup::bare(&home).set("DATABASE_URL", "postgres://selfmx@127.0.0.1:1/selfmx");
    for command in [&["serve"][..], &["migrate"], &["admin-key", "list"]] {
        let ended = setup.run(command).await;
        assert!(ended.sentence().starts_with("SECRET_KEY must be set"), "{}", ended.err);
    }
}

#[tokio::test]
async fn a_second_service_on_the_same_folder_is_refused() {
    let home = Home::new();
    let first = Setup::new(&home).serve().await;
    let second = Setup::new(&home).run(&["serve", "--port", "0"]).await;
    assert!(second.sentence().starts_with("another selfmx serves from"), "{}", second.err);
    first.admin().get("/v1/tenants").await.expect(200);
    first.stop().await.well();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Setup::new(&home).run(&["serve", "--port", &port]).await;
    assert!(ended.sentence().contains(&format!("127.0.0.1:{port} cannot be listened on")));
}

#[tokio::test]
async fn the_help_names_every_command_and_its_options() {
    let home = Home::new();
    let setup = Setup::bare(&home);
    let help = setup.run(&["--help"]).await.well().out;
    for word in ["serve", "migrate", "admin-key"] {
        assert!(help.contains(word), "{help}");
    }
    for (command, options) in [
        ("serve", &["--host", "--port", "--data-dir"][..]),
        ("migrate", &["--data-dir"]),
        ("admin-key", &["create", "list", "revoke", "--data-dir"]),
    ] {
        let help = setup.run(&[command, "--help"]).await.well().out;
        for option in options {
            assert!(help.contains(option), "{command}: {help}");
        }
    }
    assert_eq!(setup.run(&["cook"]).await.code, Some(2));
}

#[tokio::test]
async fn machines_read_one_object_a_line_with_the_requests_id() {
    let home = Home::new();
    let service = Setup::new(&home)
        .set("LOG_FORMAT", "json")
        .set("LOG_LEVEL", "info,selfmx=debug")
        .serve()
        .await;
    let asked = service.admin().get("/v1/tenants").await.expect(200);
    let id = asked.header("x-request-id").unwrap();
    let ended = service.stop().await.well();
    let lines: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_the_request = |line: &&serde_json::Value| line.to_string().contains(&id);
    assert!(lines.iter().any(|line| of_the_request(&line)), "no {id} in {}", ended.out);
    assert!(lines.iter().all(|line| line["level"].is_string()), "{}", ended.out);
}
