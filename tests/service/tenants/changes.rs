//! What is absent stays, null clears, and single fields of what is nested change alone.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::App;

fn whole() -> Value {
    json!({
        "name": "Acme", "domain": "acme.com",
        "settings": {"from_name": "Acme", "from_address": "hello@acme.com",
                     "reply_to": "help@acme.com", "tracking": {"opens": true, "clicks": false}},
        "smtp": {"host": "smtp.acme.com", "user": "acme", "pass": "secret-of-acme",
                 "pool_size": 3, "messages_per_second": 14.0},
        "rate_limit": {"requests_per_minute": 200, "emails_per_day": 10_000},
    })
}

#[sqlx::test]
async fn a_tenant_is_answered_as_it_was_given_but_for_its_password(db: PgPool) {
    let app = App::start(&db).await;
    let made = app.admin().post("/v1/tenants", &whole()).await.expect(201);
    assert!(!made.text.contains("secret-of-acme"));
    let id = made.text_at("/id");
    let mut expected = whole();
    expected["id"] = json!(id);
    expected["status"] = json!("active");
    expected["created_at"] = json!("2024-01-15T10:30:00Z");
    expected["smtp"] = json!({"host": "smtp.acme.com", "port": 587, "user": "acme", "tls": "starttls",
        "pool_size": 3, "messages_per_second": 14.0, "has_password": true});
    assert_eq!(made.body, expected);
    let found = app.admin().get(&format!("/v1/tenants/{id}")).await.expect(200);
    expected["counts"] = json!({"api_keys": 0, "templates": 0, "webhooks": 0, "domains": 0});
    assert_eq!(found.body, expected);
    let key = app.key(&id, &["send"]).await.text_at("/key");
    let own = app.caller(&key).get("/v1/tenant").await.expect(200);
    expected["counts"]["api_keys"] = json!(1);
    assert_eq!(own.body, expected);
    app.admin().get("/v1/tenant").await.expect(403);
    app.stop().await;
}

#[sqlx::test]
async fn put_and_patch_change_what_is_given_and_nothing_else(db: PgPool) {
    let app = App::start(&db).await;
    let admin = app.admin();
    let made = admin.post("/v1/tenants", &whole()).await.expect(201);
    let path = format!("/v1/tenants/{}", made.text_at("/id"));
    let mut expected = made.body.clone();
    admin.put(&path, &json!({})).await.expect(200);
    for (change, pointer, value) in [
        (json!({"name": "Acme Corp"}), "/name", json!("Acme Corp")),
        (json!({"settings": {"from_name": "A"}}), "/settings/from_name", json!("A")),
        (json!({"smtp": {"port": 2_525}}), "/smtp/port", json!(2_525)),
        (json!({"smtp": {"pass": "another"}}), "/smtp/has_password", json!(true)),
        (json!({"rate_limit": {"emails_per_day": 5}}), "/rate_limit/emails_per_day", json!(5)),
    ] {
        *expected.pointer_mut(pointer).unwrap() = value;
        assert_eq!(admin.put(&path, &change).await.expect(200).body, expected, "{change}");
        assert_eq!(admin.patch(&path, &change).await.expect(200).body, expected, "{change}");
    }
    for (change, parent, field) in [
        (json!({"settings": {"reply_to": null}}), "/settings", "reply_to"),
        (json!({"smtp": {"messages_per_second": null}}), "/smtp", "messages_per_second"),
        (
            json!({"rate_limit": {"requests_per_minute": null}}),
            "/rate_limit",
            "requests_per_minute",
        ),
        (json!({"smtp": null}), "", "smtp"),
        (json!({"rate_limit": null}), "", "rate_limit"),
    ] {
        expected.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        assert_eq!(admin.patch(&path, &change).await.expect(200).body, expected, "{change}");
    }
    let cleared = admin.patch(&path, &json!({"settings": null, "domain": null})).await.expect(200);
    assert_eq!((&cleared.body["settings"], &cleared.body["domain"]), (&json!({}), &json!(null)));
    let found = admin.get(&path).await.expect(200);
    assert_eq!((&found.body["settings"], &found.body["domain"]), (&json!({}), &json!(null)));
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_always_has_a_name_and_all_faults_are_told_at_once(db: PgPool) {
    let app = App::start(&db).await;
    let admin = app.admin();
    assert_eq!(admin.post("/v1/tenants", &json!({})).await.expect(422).faulty_fields(), ["name"]);
    let acme = app.tenant("acme.com").await;
    let answer = admin.put(&acme.path(""), &json!({"name": null})).await.expect(422);
    assert_eq!(answer.faulty_fields(), ["name"]);
    let wrong = json!({"name": "", "domain": "no domain", "settings": {"reply_to": "x"},
                       "smtp": {"port": 0, "tls": "ssl"}, "rate": {}});
    let answer = admin.put(&acme.path(""), &wrong).await.expect(422);
    let mut fields = answer.faulty_fields();
    fields.sort();
    assert_eq!(fields, ["domain", "name", "rate", "settings.reply_to", "smtp.port", "smtp.tls"]);
    app.stop().await;
}
