//! Routes that there are not, and methods that a route does not know.

use reqwest::Method;
use sqlx::PgPool;

use super::raw::{exchange, request};
use super::{Refused, assert_is_an_error};
use crate::app::App;

#[sqlx::test]
async fn what_is_no_route_is_not_found(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/send",
        "/v1/Send",
        "/V1/send",
        "/v1/send/",
        "/v1/sen",
        "/v1/tenants/",
        "/v1//send",
        "/v1/send;x=1",
        "/v1/send%2f",
        "/v1/send%00",
        "/v1/emails/",
        "/v1/tenants/x/y/z",
        "/.env",
        "/v1/tenant/x",
        "/openapi.json/",
        "/dev",
        "/health/",
        "/livez2",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            for caller in [&acme.caller, &app.admin(), &app.nobody()] {
                let refused = Refused { app: &app, caller };
                let answer = refused.ask(caller.request(method.clone(), path)).await;
                assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{method} {path}");
            }
        }
    }
    for path in [
        "//v1/send",
        "/v1/./send",
        "/v1/../v1/send",
        "/x/../v1/send",
        "/v1/send\\",
        "/v1/%73end%20",
    ] {
        let first = format!("POST {path} HTTP/1.1");
        let body = acme.hello().to_string();
        let lines = ["Content-Type: application/json", &format!("Content-Length: {}", body.len())];
        let answer = exchange(&app, &request(&first, &acme.token, &lines, body.as_bytes())).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.text);
    }
    assert_eq!(acme.caller.get("/v1/emails").await.number_at("/pagination/total"), 0);
    app.stop().await;
}

#[sqlx::test]
async fn rubbish_in_a_path_names_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for rubbish in [
        "%",
        "%zz",
        "%ff",
        "%00",
        "%2e%2e%2f",
        "%0d%0aX:y",
        "%F0%9F%92%A9",
        "a%20b",
        "\u{202e}x",
        "{id}",
    ] {
        for (caller, path) in [
            (&acme.caller, format!("/v1/emails/{rubbish}")),
            (&acme.caller, format!("/v1/api-keys/{rubbish}")),
            (&app.admin(), format!("/v1/tenants/{rubbish}")),
            (&app.admin(), acme.path(&format!("/emails/{rubbish}"))),
            (&app.admin(), format!("/dev/outbox/{rubbish}")),
        ] {
            let refused = Refused { app: &app, caller };
            let answer = refused.ask(caller.request(Method::DELETE, &path)).await;
            assert!([400, 404, 405].contains(&answer.status), "{path}: {}", answer.text);
            let answer = refused.ask(caller.request(Method::GET, &path)).await;
            assert!([400, 404, 405].contains(&answer.status), "{path}: {}", answer.text);
        }
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_method_that_a_route_does_not_know_is_answered_with_those_that_it_knows(db: PgPool) {
    let app = App::start(&db).await;
    let description = app.nobody().get("/openapi.json").await.body;
    let acme = app.tenant("acme.com").await;
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"];
    let mut refusals = 0;
    for (path, known) in description["paths"].as_object().unwrap() {
        let path =
            path.replace("{id}", &acme.id).replace("{key_id}", "x").replace("{email_id}", "x");
        let mut allowed: Vec<String> =
            known.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
        allowed.sort();
        for method in methods.iter().filter(|method| !allowed.contains(&(**method).to_owned())) {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let admin = app.admin();
            let answer = admin.send(admin.request(method.clone(), &path)).await;
            assert_is_an_error(&answer);
            assert_eq!(
                (answer.status, &*answer.code()),
                (405, "method_not_allowed"),
                "{method} {path}"
            );
            let told = answer.header("allow").unwrap_or_default();
            let mut told: Vec<&str> =
                told.split(',').map(str::trim).filter(|m| *m != "HEAD").collect();
            told.sort_unstable();
            assert_eq!(told, allowed, "{path}");
            refusals += 1;
        }
    }
    assert!(refusals > 150, "{refusals}");
    app.stop().await;
}

#[sqlx::test]
async fn head_is_get_without_a_body(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (path, status) in [
        ("/v1/emails", 200),
        ("/v1/tenant", 200),
        ("/v1/emails/x", 404),
        ("/v1/send", 405),
        ("/x", 404),
    ] {
        let answer = acme.caller.send(acme.caller.request(Method::HEAD, path)).await;
        assert_eq!((answer.status, &*answer.text), (status, ""), "{path}");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        assert!(answer.header("x-request-id").is_some());
    }
    app.stop().await;
}
