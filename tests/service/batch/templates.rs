//! Many emails of few templates: what they cost together is bounded.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::{App, Tenant};

fn of(acme: &Tenant, template: &str, data: &Value) -> Value {
    json!({"from": format!("hello@{}", acme.domain), "to": "ann@example.org",
           "template_id": template, "template_data": data})
}

#[sqlx::test]
async fn mails_of_one_template_are_each_filled_and_a_subject_of_their_own_counts(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let template = json!({"name": "t", "subject": "Hi {{name}}", "text": "Hi {{name}}"});
    acme.caller.post("/v1/templates", &template).await.expect(201);
    let mut own = of(&acme, "t", &json!({"name": "Bob"}));
    own["subject"] = json!("Mine");
    let messages =
        json!([of(&acme, "t", &json!({"name": "Ann"})), own, of(&acme, "t", &json!({}))]);
    let answer = acme.caller.post("/v1/send/batch", &json!({"messages": messages})).await;
    let answer = answer.expect(202);
    assert_eq!(answer.number_at("/accepted"), 2);
    for (place, subject, text) in [(0, "Hi Ann", "Hi Ann"), (1, "Mine", "Hi Bob")] {
        let email = acme.email(&answer.text_at(&format!("/data/{place}/id"))).await;
        assert_eq!(
            (email.text_at("/subject"), email.text_at("/text")),
            (subject.into(), text.into())
        );
    }
    assert_eq!(answer.text_at("/data/2/error/details/0/field"), "template_data.name");
    app.stop().await;
}

#[sqlx::test]
async fn a_batch_renders_as_much_as_a_body_may_hold_and_the_rest_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let long = "x".repeat(200_000);
    let loop_ = format!("{{{{#each list}}}}{long}{{{{/each}}}}");
    let template = json!({"name": "t", "html": loop_, "text": loop_});
    acme.caller.post("/v1/templates", &template).await.expect(201);
    let messages = vec![of(&acme, "t", &json!({"list": [1, 2, 3, 4, 5]})); 25];
    let answer = acme.caller.post("/v1/send/batch", &json!({"messages": messages})).await;
    let answer = answer.expect(202);
    let accepted = answer.number_at("/accepted");
    assert!((1..=18).contains(&accepted), "{accepted}");
    assert_eq!(answer.text_at("/data/24/error/code"), "too_large");
    app.stop().await;
}

#[sqlx::test]
async fn a_batch_names_twenty_templates_and_no_more(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.caller.post("/v1/templates", &json!({"name": "t0", "text": "Hi"})).await.expect(201);
    let mut messages: Vec<Value> =
        (0..21).map(|n| of(&acme, &format!("t{n}"), &json!({}))).collect();
    messages.push(messages[0].clone());
    let answer = acme.caller.post("/v1/send/batch", &json!({"messages": messages})).await;
    let answer = answer.expect(202);
    assert_eq!(answer.number_at("/accepted"), 2);
    let told = |place: usize| answer.text_at(&format!("/data/{place}/error/details/0/message"));
    assert_eq!(told(19), "there is no such template");
    assert!(told(20).contains("at most 20 templates"), "{}", told(20));
    app.stop().await;
}
