//! Bodies that are no JSON object, on every route that takes one.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sqlx::PgPool;

use super::Refused;
use crate::app::{App, Caller};
use crate::isolation::table::{self, Needs, Route};
use crate::isolation::world::World;

const JSON: &str = "application/json";

/// Whoever may ask a route that needs a key; a page or a mail program has none, and speaks otherwise.
fn asking(app: &App, acme: &World, route: &Route) -> Option<(Caller, Method, String)> {
    let caller = match route.needs {
        Needs::Nothing => return None,
        Needs::Admin | Needs::AdminOfTenant => app.admin(),
        Needs::Tenant(_) | Needs::Either(..) => acme.tenant.caller.clone(),
    };
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    Some((caller, method, route.filled(&acme.ids())))
}

/// Every route that takes a body, with somebody who may ask it.
fn routes(app: &App, acme: &World) -> Vec<(Caller, Method, String)> {
    let all = table::routes();
    let with_body = all.iter().filter(|route| route.body.is_some());
    with_body.filter_map(|route| asking(app, acme, route)).collect()
}

/// Routes whose POST says all by itself.
fn bodiless(app: &App, acme: &World) -> Vec<(Caller, Method, String)> {
    let all = table::routes();
    let without = all.iter().filter(|route| route.method == "POST" && route.body.is_none());
    without.filter_map(|route| asking(app, acme, route)).collect()
}

/// True for a body of which every part may be left out.
fn may_be_empty(path: &str) -> bool {
    ["/rotate", "/rotate-secret", "/preview"].iter().any(|end| path.ends_with(end))
}

#[sqlx::test]
async fn the_table_has_a_body_wherever_the_description_has_one(db: PgPool) {
    let app = App::start(&db).await;
    let description = app.nobody().get("/openapi.json").await.expect(200).body;
    for route in table::routes().iter().filter(|route| route.needs != Needs::Nothing) {
        let operation = &description["paths"][route.path][route.method.to_lowercase()];
        let described = operation.get("requestBody").is_some();
        assert_eq!(described, route.body.is_some(), "{} {}", route.method, route.path);
    }
    app.stop().await;
}

fn typed(caller: &Caller, method: &Method, path: &str, body: &[u8]) -> RequestBuilder {
    caller.request(method.clone(), path).header(CONTENT_TYPE, JSON).body(body.to_vec())
}

/// Bodies and how they are refused: with which status, and which field.
fn bodies() -> Vec<(Vec<u8>, u16, Option<&'static str>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let many = format!("{{\"a\": [{}0]}}", "0,".repeat(100_000));
    vec![
        (text(" "), 400, None),
        (text("{"), 400, None),
        (text("{\"a\": }"), 400, None),
        (text("{} {}"), 400, None),
        (text("{'a': 1}"), 400, None),
        (text("{\"a\": 1,}"), 400, None),
        (text("{\"a\": NaN}"), 400, None),
        (text("{\"a\": 1e999}"), 400, None),
        (text("{\"a\": 01}"), 400, None),
        (text("{\"a\": \"\\ud800\"}"), 400, None),
        (text("{\"a\": \"line\nbreak\"}"), 400, None),
        (text("\u{feff}{}"), 400, None),
        (b"{\"a\": \"\xff\xfe\"}".to_vec(), 400, None),
        (b"\xff\xfe{\x00}\x00".to_vec(), 400, None),
        (vec![0; 64], 400, None),
        (deep.into_bytes(), 400, None),
        (many.into_bytes(), 413, None),
        (text("[]"), 422, Some("body")),
        (text("[{}]"), 422, Some("body")),
        (text("null"), 422, Some("body")),
        (text("7"), 422, Some("body")),
        (text("\"{}\""), 422, Some("body")),
        (text("{\"zz\": 1, \"zz\": 2}"), 422, Some("zz")),
        (text("{\"zz\": {\"a\": [{\"b\": 1, \"b\": 1}]}}"), 422, Some("zz.a.b")),
    ]
}

#[sqlx::test]
async fn what_is_no_json_object_is_refused_on_every_route(db: PgPool) {
    let app = App::start(&db).await;
    let acme = World::without_added_domain(&app, "acme.com").await;
    for (caller, method, path) in routes(&app, &acme) {
        let refused = Refused { app: &app, caller: &caller };
        for (body, status, field) in bodies() {
            let answer = refused.ask(typed(&caller, &method, &path, &body)).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(answer.status, status, "{method} {path} {shown}: {}", answer.text);
            assert_eq!(answer.faulty_fields(), field.into_iter().collect::<Vec<_>>(), "{shown}");
        }
        refused.ask(typed(&caller, &method, &path, b"{\"zz\": 1}")).await.expect(422);
        if !may_be_empty(&path) {
            refused.ask(typed(&caller, &method, &path, b"")).await.expect(400);
        }
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_body_of_another_type_or_coding_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = World::without_added_domain(&app, "acme.com").await;
    for (caller, method, path) in routes(&app, &acme) {
        let refused = Refused { app: &app, caller: &caller };
        let plain = || caller.request(method.clone(), &path).body("{}");
        refused.ask(plain()).await.expect(415);
        for other in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json2",
            "text/json",
            "json",
            "application/",
        ] {
            let answer = refused.ask(plain().header(CONTENT_TYPE, other)).await;
            assert_eq!(
                (answer.status, &*answer.code()),
                (415, "unsupported_media_type"),
                "{other}"
            );
        }
        for coding in ["gzip", "br", "deflate", "gzip, identity"] {
            let asked =
                typed(&caller, &method, &path, b"\x1f\x8b{}").header(CONTENT_ENCODING, coding);
            let answer = refused.ask(asked).await;
            assert_eq!(
                (answer.status, &*answer.code()),
                (415, "unsupported_media_type"),
                "{coding}"
            );
        }
    }
    for good in
        [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
    {
        let asked = acme.tenant.caller.request(Method::POST, "/v1/send").header(CONTENT_TYPE, good);
        acme.tenant.caller.send(asked.body(acme.tenant.hello().to_string())).await.expect(202);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_body_where_none_belongs_is_not_passed_over(db: PgPool) {
    let app = App::start(&db).await;
    let acme = World::new(&app, "acme.com").await;
    for (caller, method, path) in bodiless(&app, &acme) {
        let refused = Refused { app: &app, caller: &caller };
        let named = refused.ask(typed(&caller, &method, &path, b"{\"until\": \"tomorrow\"}")).await;
        assert_eq!(named.expect(422).faulty_fields(), ["until"]);
        refused.ask(typed(&caller, &method, &path, b"{")).await.expect(400);
        refused.ask(typed(&caller, &method, &path, b"[]")).await.expect(422);
        refused.ask(caller.request(method.clone(), &path).body("until=tomorrow")).await.expect(415);
        caller.post(&path, &json!({})).await.expect(200);
        caller.post_nothing(&path).await.expect(200);
        // Who is suspended is asked nothing more.
        app.admin().post_nothing(&acme.tenant.path("/resume")).await.expect(200);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_body_beyond_all_bounds_is_too_large(db: PgPool) {
    let app = App::start(&db).await;
    let acme = World::without_added_domain(&app, "acme.com").await;
    let huge = vec![b' '; 37 * 1024 * 1024];
    for (caller, method, path) in routes(&app, &acme).into_iter().chain(bodiless(&app, &acme)) {
        let refused = Refused { app: &app, caller: &caller };
        let answer = refused.ask(typed(&caller, &method, &path, &huge)).await;
        assert_eq!((answer.status, &*answer.code()), (413, "too_large"), "{method} {path}");
    }
    app.stop().await;
}
