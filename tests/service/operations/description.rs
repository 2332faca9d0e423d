//! The description of the API and the page to browse it.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::PgPool;

use crate::app::App;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Every `$ref` in here.
fn refs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|inside| refs(inside, found));
        }
        Value::Array(items) => items.iter().for_each(|inside| refs(inside, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Each operation with its path and method.
fn operations(api: &Value) -> Vec<(String, String, &Value)> {
    let paths = api["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation))
    });
    all.collect()
}

/// The names in braces.
fn in_braces(path: &str) -> BTreeSet<String> {
    path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect()
}

#[sqlx::test]
async fn the_description_is_whole(db: PgPool) {
    let app = App::start(&db).await;
    let api = app.nobody().get("/openapi.json").await.expect(200).body;
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
    let mut found = Vec::new();
    refs(&api, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(api.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (path, method, operation) in operations(&api) {
        assert!(METHODS.contains(&method.as_str()), "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(!responses.is_empty(), "{method} {path} answers nothing");
        for (status, response) in responses {
            let description = response["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{method} {path} {status}");
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(named, in_braces(&path), "{method} {path}");
        let repeats = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert_eq!(repeats, method == "post", "{method} {path}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn each_operation_has_a_name_of_its_own(db: PgPool) {
    let app = App::start(&db).await;
    let api = app.nobody().get("/openapi.json").await.expect(200).body;
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&api) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{method} {path}: {name} is taken");
    }
    app.stop().await;
}

#[sqlx::test]
async fn every_route_of_the_page_is_described(db: PgPool) {
    let app = App::start(&db).await;
    let api = app.nobody().get("/openapi.json").await.expect(200).body;
    for path in [
        "/v1/tenants",
        "/v1/tenants/{id}",
        "/v1/tenants/{id}/suspend",
        "/v1/tenants/{id}/resume",
        "/v1/tenants/{id}/api-keys",
        "/v1/tenants/{id}/emails",
        "/v1/tenants/{id}/usage",
        "/v1/send",
        "/v1/emails",
        "/v1/emails/{id}",
        "/v1/logs",
        "/v1/usage",
        "/v1/tenant",
        "/v1/tenant/events",
        "/v1/tenants/{id}/events",
        "/v1/test-smtp",
    ] {
        assert!(api["paths"].get(path).is_some(), "{path}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn the_page_brings_all_that_it_needs_from_the_process_itself(db: PgPool) {
    let app = App::start(&db).await;
    let nobody = app.nobody();
    let page = nobody.get("/docs/").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let quoted = page.text.split(['"', '\'']).collect::<Vec<_>>();
    let assets: Vec<&&str> = quoted
        .windows(2)
        .filter(|pair| pair[0].ends_with("src=") || pair[0].ends_with("href="))
        .map(|pair| &pair[1])
        .collect();
    assert!(assets.len() >= 3, "{assets:?}");
    for asset in assets {
        assert!(!asset.contains("//"), "{asset} is elsewhere");
        let name = asset.trim_start_matches("./");
        let answer = nobody.get(&format!("/docs/{name}")).await.expect(200);
        assert!(!answer.text.is_empty());
    }
    let start = nobody.get("/docs/swagger-initializer.js").await.expect(200);
    assert!(start.text.contains("/openapi.json"));
    assert!(!start.text.contains("https://"), "{}", start.text);
    app.stop().await;
}
