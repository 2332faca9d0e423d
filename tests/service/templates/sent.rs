//! Emails that are made of templates: with the version that they were accepted with.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{App, Tenant};

/// An email of a template, with further fields.
fn of(acme: &Tenant, template: &str, fields: &Value) -> Value {
    let mut email = json!({
        "from": format!("hello@{}", acme.domain), "to": "ann@example.org", "template_id": template,
    });
    for (name, value) in fields.as_object().unwrap() {
        email[name] = value.clone();
    }
    email
}

async fn welcome(acme: &Tenant) -> String {
    let template = json!({
        "name": "welcome", "subject": "Hi {{name}}", "html": "<p>{{name}}</p>", "text": "Hi {{name}}",
    });
    acme.caller.post("/v1/templates", &template).await.expect(201).text_at("/id")
}

#[sqlx::test]
async fn an_email_says_what_the_version_said_with_which_it_was_accepted(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let id = welcome(&acme).await;
    let data = json!({"template_data": {"name": "A & B"}, "scheduled_at": "2024-01-15T12:00:00Z"});
    let first = acme.sends(&of(&acme, "welcome", &data)).await;
    acme.caller
        .patch("/v1/templates/welcome", &json!({"subject": "New {{name}}"}))
        .await
        .expect(200);
    let second = acme.sends(&of(&acme, &id, &data)).await;
    acme.caller.delete("/v1/templates/welcome").await.expect(200);
    app.advance(2 * 3_600);
    app.settle().await;
    let mut subjects = Vec::new();
    for (email, version) in [(&first, 1), (&second, 2)] {
        let shown = acme.email(email).await;
        assert_eq!(shown.text_at("/status"), "delivered");
        assert_eq!(shown.body["template"], json!({"id": id, "version": version}));
        assert_eq!(
            (shown.text_at("/html"), shown.text_at("/text")),
            ("<p>A &amp; B</p>".to_owned(), "Hi A & B".to_owned())
        );
        subjects.push(shown.text_at("/subject"));
    }
    assert_eq!(subjects, ["Hi A & B", "New A & B"]);
    let caught = app.outbox().await;
    let mut arrived: Vec<&str> =
        caught.iter().filter_map(|mail| mail["subject"].as_str()).collect();
    arrived.sort_unstable();
    assert_eq!(arrived, subjects);
    app.stop().await;
}

#[sqlx::test]
async fn all_that_is_missing_is_named_and_may_be_left_blank_on_request(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let template =
        json!({"name": "t", "subject": "{{a}}", "html": "{{b.c}}{{a}}", "text": "{{d}}"});
    acme.caller.post("/v1/templates", &template).await.expect(201);
    let before = app.events().await;
    let told = acme.caller.post("/v1/send", &of(&acme, "t", &json!({}))).await.expect(422);
    assert_eq!(told.faulty_fields(), ["template_data.a", "template_data.b.c", "template_data.d"]);
    assert_eq!(app.events().await, before);
    let blank = acme.sends(&of(&acme, "t", &json!({"strict": false}))).await;
    let shown = acme.email(&blank).await;
    assert_eq!((shown.text_at("/subject"), shown.text_at("/text")), (String::new(), String::new()));
    app.stop().await;
}

#[sqlx::test]
async fn what_fills_a_subject_makes_no_header_of_its_own(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    welcome(&acme).await;
    let data = json!({"template_data": {"name": "x\r\nBcc: eve@example.org"}});
    let told = acme.caller.post("/v1/send", &of(&acme, "welcome", &data)).await.expect(422);
    assert_eq!(told.faulty_fields(), ["subject"]);
    let long = json!({"template_data": {"name": "x".repeat(999)}});
    let told = acme.caller.post("/v1/send", &of(&acme, "welcome", &long)).await.expect(422);
    assert_eq!(told.faulty_fields(), ["subject"]);
    let own = json!({"template_data": data["template_data"], "subject": "My own {{name}}"});
    let sent = acme.sends(&of(&acme, "welcome", &own)).await;
    assert_eq!(acme.email(&sent).await.text_at("/subject"), "My own {{name}}");
    app.stop().await;
}

#[sqlx::test]
async fn a_repeat_is_answered_as_before_also_when_the_template_is_gone(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    welcome(&acme).await;
    let email = of(&acme, "welcome", &json!({"template_data": {"name": "Ann"}}));
    let first = acme.caller.post_once("k", "/v1/send", &email).await.expect(202);
    acme.caller.delete("/v1/templates/welcome").await.expect(200);
    let again = acme.caller.post_once("k", "/v1/send", &email).await.expect(202);
    assert_eq!(again.text, first.text);
    acme.caller.post_once("l", "/v1/send", &email).await.expect(422);
    app.stop().await;
}
