//! How a template is made, changed, looked at and deleted, and what stays of it.

use serde_json::json;
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn every_change_is_a_version_and_every_version_stays(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let first = json!({"name": " welcome ", "subject": "Hi {{name}}", "text": "Hello {{name}}"});
    let made = acme.caller.post("/v1/templates", &first).await.expect(201);
    let id = made.text_at("/id");
    assert!(id.starts_with("tmpl_"), "{id}");
    let shown = json!({
        "id": id, "name": "welcome", "version": 1, "subject": "Hi {{name}}", "html": null,
        "text": "Hello {{name}}", "created_at": "2024-01-15T10:30:00Z",
        "updated_at": "2024-01-15T10:30:00Z",
    });
    assert_eq!(made.body, shown);
    app.advance(60);
    let path = format!("/v1/templates/{id}");
    let change = json!({"html": "<p>{{name}}</p>", "subject": null});
    let changed = acme.caller.patch(&path, &change).await.expect(200);
    assert_eq!(changed.number_at("/version"), 2);
    assert_eq!(acme.caller.put(&path, &change).await.expect(200).body, changed.body);
    assert_eq!(acme.caller.get(&path).await.expect(200).body, changed.body);
    assert_eq!(acme.caller.get("/v1/templates/welcome").await.expect(200).body, changed.body);
    let list = acme.caller.get("/v1/templates").await.expect(200);
    let mut summary = changed.body.clone();
    for body in ["html", "text"] {
        summary.as_object_mut().unwrap().remove(body);
    }
    assert_eq!(list.body["data"], json!([summary]));
    assert_eq!(
        (changed.body["subject"].clone(), changed.text_at("/text")),
        (json!(null), first["text"].as_str().unwrap().to_owned())
    );
    let versions = acme.caller.get(&format!("{path}/versions?limit=1")).await.expect(200);
    assert_eq!(versions.body["data"], json!([changed.body]));
    let most = acme.caller.get(&format!("{path}/versions?limit=100")).await.expect(200);
    assert_eq!(most.number_at("/pagination/limit"), 5);
    let cursor = versions.text_at("/pagination/next_cursor");
    let older = acme.caller.get(&format!("{path}/versions?cursor={cursor}")).await.expect(200);
    assert_eq!(
        (older.body["data"].clone(), older.number_at("/pagination/total")),
        (json!([made.body]), 2)
    );
    app.stop().await;
}

#[sqlx::test]
async fn a_deleted_template_is_gone_and_its_history_stays(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let template = json!({"name": "welcome", "text": "Hi"});
    let id = acme.caller.post("/v1/templates", &template).await.expect(201).text_at("/id");
    let count = async |query: &str| {
        let tenant = acme.caller.get(&format!("/v1/tenant{query}")).await.expect(200);
        tenant.number_at("/counts/templates")
    };
    assert_eq!(count("").await, 1);
    app.advance(60);
    let gone = acme.caller.delete("/v1/templates/welcome").await.expect(200);
    assert_eq!(gone.body, json!({"id": id, "deleted": true}));
    assert_eq!((count("").await, count("?at=2024-01-15T10:30:30Z").await), (0, 1));
    for path in ["welcome", &id, &format!("{id}/versions")] {
        acme.caller.get(&format!("/v1/templates/{path}")).await.expect(404);
    }
    acme.caller.delete(&format!("/v1/templates/{id}")).await.expect(404);
    let list = acme.caller.get("/v1/templates").await.expect(200);
    assert_eq!(list.body["data"], json!([]));
    let told = acme.caller.get(&format!("/v1/tenant/events?stream={id}")).await.expect(200);
    let types: Vec<&str> = told.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["type"].as_str())
        .collect();
    assert_eq!(types, ["template.created", "template.deleted"]);
    app.stop().await;
}

#[sqlx::test]
async fn a_look_at_a_template_says_what_an_email_would_say(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let template = json!({
        "name": "order", "subject": "{{name}}'s order",
        "html": "{{#each items}}<li>{{title}}</li>{{else}}none{{/each}}",
        "text": "{{#if name}}Dear {{name}}{{/if}}",
    });
    acme.caller.post("/v1/templates", &template).await.expect(201);
    let look = "/v1/templates/order/preview";
    let data = json!({"name": "A & B", "items": [{"title": "<x>"}]});
    let seen = acme.caller.post(look, &json!({"template_data": data})).await.expect(200);
    assert_eq!(
        seen.body,
        json!({
            "version": 1, "subject": "A & B's order", "html": "<li>&lt;x&gt;</li>", "text": "Dear A & B",
        })
    );
    let before = app.events().await;
    let missing = acme.caller.post_nothing(look).await.expect(422);
    assert_eq!(missing.faulty_fields(), ["template_data.name"]);
    let blank = acme.caller.post(look, &json!({"strict": false})).await.expect(200);
    assert_eq!(
        blank.body,
        json!({"version": 1, "subject": "'s order", "html": "none", "text": ""})
    );
    assert_eq!(app.events().await, before);
    app.stop().await;
}
