//! Templates that are not saved so, and emails that are not made of them so.

use serde_json::json;
use sqlx::PgPool;

use super::Refused;
use crate::app::App;

#[sqlx::test]
async fn a_faulty_template_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let own = Refused { app: &app, caller: &acme.caller };
    let large = "x".repeat(256 * 1024 + 1);
    for (body, at_fault) in [
        (json!({}), vec!["name"]),
        (json!({"name": "a"}), vec!["text"]),
        (json!({"name": "a", "subject": "Hi", "text": ""}), vec!["text"]),
        (json!({"name": "", "text": "Hi"}), vec!["name"]),
        (json!({"name": null, "text": "Hi"}), vec!["name"]),
        (json!({"name": "tmpl_mine", "text": "Hi"}), vec!["name"]),
        (
            json!({"name": "a\nb", "text": 1, "html": [], "subject": {}}),
            vec!["name", "subject", "html", "text"],
        ),
        (json!({"name": "a", "text": "Hi", "body": "Hi", "id": "tmpl_x"}), vec!["body", "id"]),
        (
            json!({"name": "a", "subject": "{{", "html": "{{#if a}}", "text": "{{/if}}"}),
            vec!["subject", "html", "text"],
        ),
        (
            json!({"name": "a", "subject": "a\r\nBcc: eve@example.org", "text": "Hi"}),
            vec!["subject"],
        ),
        (json!({"name": "a", "text": "a\u{0}b"}), vec!["text"]),
        (json!({"name": "a", "text": large}), vec!["text"]),
        (json!({"name": "a", "text": "{{> passwd}}"}), vec!["text"]),
        (json!({"name": "a", "html": "{{#each a}}".repeat(10_000)}), vec!["html"]),
    ] {
        own.at_fault("/v1/templates", &body, &at_fault).await;
    }
    let broken = json!({"name": "a", "html": "<p>\n  {{#if a}}\n</p>"});
    let told = own.post("/v1/templates", &broken).await;
    assert_eq!(told.text_at("/error/details/0/field"), "html");
    assert!(
        told.text_at("/error/details/0/message").starts_with("line 2, column 3: "),
        "{}",
        told.text
    );
    app.stop().await;
}

#[sqlx::test]
async fn a_change_that_would_break_a_template_changes_nothing(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let made = json!({"name": "a", "text": "Hi"});
    let made = acme.caller.post("/v1/templates", &made).await.expect(201);
    let before = app.events().await;
    for (body, at_fault) in [
        (json!({"text": null}), "text"),
        (json!({"name": null}), "name"),
        (json!({"text": "{{#if}}"}), "text"),
        (json!({"texts": "Hi"}), "texts"),
    ] {
        let told = acme.caller.put("/v1/templates/a", &body).await.expect(422);
        assert_eq!(told.faulty_fields(), [at_fault], "{body}");
    }
    assert_eq!(app.events().await, before);
    assert_eq!(acme.caller.get("/v1/templates/a").await.expect(200).body, made.body);
    app.stop().await;
}

#[sqlx::test]
async fn an_email_that_no_template_makes_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let template = json!({
        "name": "a", "subject": "Hi", "text": "{{#each a}}{{#each ../a}}{{#each ../../a}}{{/each}}{{/each}}{{/each}}{{b}}",
    });
    acme.caller.post("/v1/templates", &template).await.expect(201);
    let own = Refused { app: &app, caller: &acme.caller };
    let many: Vec<u32> = (0..1_000).collect();
    let of = |fields: serde_json::Value| {
        let mut email = json!({"from": "hello@acme.com", "to": "ann@example.org", "template_id": "a",
                               "template_data": {"a": [], "b": "x"}});
        for (name, value) in fields.as_object().unwrap() {
            email[name] = value.clone();
        }
        email
    };
    for (email, at_fault) in [
        (of(json!({"template_id": "b"})), vec!["template_id"]),
        (of(json!({"template_id": "tmpl_01hm6v6z4pex5vsknk084sn02q"})), vec!["template_id"]),
        (of(json!({"template_id": ["a"]})), vec!["template_id"]),
        (of(json!({"template_id": null})), vec!["template_id", "text"]),
        (of(json!({"html": "<p>", "text": "Hi"})), vec!["html", "text"]),
        (of(json!({"template_data": []})), vec!["template_data"]),
        (of(json!({"strict": "no"})), vec!["strict"]),
        (
            of(json!({"to": "x", "template_data": {}})),
            vec!["template_data.a", "template_data.b", "to"],
        ),
        (of(json!({"template_data": {"a": [], "b": "x".repeat(200_000)}})), vec!["template_data"]),
        (of(json!({"template_data": {"a": [], "b": "a\u{0}b"}})), vec!["template_data"]),
        (of(json!({"template_data": {"a": many, "b": "x"}})), vec!["template_id"]),
    ] {
        own.at_fault("/v1/send", &email, &at_fault).await;
    }
    app.stop().await;
}
