//! What each email of a batch is answered, in order; and that what is accepted leaves.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::App;

#[sqlx::test]
async fn each_email_is_answered_in_its_place_and_what_is_accepted_leaves(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let to = |to: &str| acme.hello_with(&json!({"to": to}));
    let messages = json!([
        to("ann@example.org"),
        acme.hello_with(&json!({"to": "nobody", "subject": 7, "txet": 1})),
        acme.hello_with(&json!({"from": "hello@other.com"})),
        7,
        to("bob@example.org"),
    ]);
    let answer = acme.caller.post("/v1/send/batch", &json!({"messages": messages})).await;
    let answer = answer.expect(202);
    assert_eq!((answer.number_at("/accepted"), answer.number_at("/refused")), (2, 3));
    assert_eq!(answer.body["data"].as_array().unwrap().len(), 5);
    for place in [0, 4] {
        assert_eq!(answer.text_at(&format!("/data/{place}/status")), "queued");
        assert_eq!(answer.text_at(&format!("/data/{place}/created_at")), "2024-01-15T10:30:00Z");
    }
    let fields: Vec<String> =
        (0..3).map(|n| answer.text_at(&format!("/data/1/error/details/{n}/field"))).collect();
    assert_eq!(fields, ["txet", "to", "subject"]);
    assert_eq!(answer.text_at("/data/2/error/details/0/field"), "from");
    assert_eq!(answer.text_at("/data/3/error/details/0/field"), "message");
    for place in 1..4 {
        assert_eq!(answer.text_at(&format!("/data/{place}/error/code")), "invalid_request");
        let told = Some(answer.text_at(&format!("/data/{place}/error/request_id")));
        assert_eq!(told, answer.header("x-request-id"));
    }
    app.settle().await;
    for (place, to) in [(0, "ann@example.org"), (4, "bob@example.org")] {
        let email = acme.email(&answer.text_at(&format!("/data/{place}/id"))).await;
        assert_eq!(email.text_at("/status"), "delivered");
        assert_eq!(email.text_at("/recipients/0/address"), to);
    }
    assert_eq!(app.outbox().await.len(), 2);
    app.stop().await;
}

#[sqlx::test]
async fn five_hundred_are_taken_and_one_more_is_not(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let email = acme.hello_with(&json!({"scheduled_at": "2024-01-20T00:00:00Z"}));
    let many = |count: usize| json!({"messages": vec![email.clone(); count]});
    acme.caller.post("/v1/send/batch", &many(501)).await.expect(422);
    let answer = acme.caller.post("/v1/send/batch", &many(500)).await.expect(202);
    assert_eq!(answer.number_at("/accepted"), 500);
    let turns = "select count(distinct recorded_at) from events where type = 'email.accepted'";
    let turns: i64 = sqlx::query_scalar(turns).fetch_one(&app.pool).await.unwrap();
    assert_eq!(turns, 1);
    let uses: i32 =
        sqlx::query_scalar("select uses from email_contents").fetch_one(&app.pool).await.unwrap();
    assert_eq!(uses, 500, "they say the same, so it is kept once");
    app.stop().await;
}

#[sqlx::test]
async fn a_key_for_one_domain_sends_from_no_other_in_a_batch_either(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let asked = json!({"name": "n", "permissions": ["send"], "allowed_domains": ["news.acme.com"]});
    let key = app.admin().post(&acme.path("/api-keys"), &asked).await.expect(201);
    let caller = app.caller(&key.text_at("/key"));
    let refused = caller.post("/v1/send", &acme.hello()).await.expect(403);
    assert_eq!(refused.code(), "domain_not_allowed");
    let batch = json!({"messages": [acme.hello(), acme.hello()]});
    let answer = caller.post("/v1/send/batch", &batch).await.expect(202);
    assert_eq!(answer.number_at("/refused"), 2);
    assert_eq!(answer.text_at("/data/1/error/code"), "domain_not_allowed");
    app.stop().await;
}

#[sqlx::test]
async fn what_is_no_batch_is_refused_as_a_whole(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let before = app.events().await;
    for (body, field) in [
        (json!({}), "messages"),
        (json!({"messages": null}), "messages"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": acme.hello()}), "messages"),
        (json!({"messages": [acme.hello()], "strict": true}), "strict"),
        (json!([acme.hello()]), "body"),
    ] {
        let answer = acme.caller.post("/v1/send/batch", &body).await.expect(422);
        assert_eq!(answer.faulty_fields(), [field], "{body}");
    }
    let many = json!({"messages": [{"tags": vec![0; 100_000]}]});
    acme.caller.post("/v1/send/batch", &many).await.expect(413);
    app.admin().post_nothing(&acme.path("/suspend")).await.expect(200);
    let batch = json!({"messages": [acme.hello()]});
    let suspended = acme.caller.post("/v1/send/batch", &batch).await.expect(403);
    assert_eq!(suspended.code(), "tenant_suspended");
    assert_eq!(app.events().await, before + 1);
    app.stop().await;
}

#[sqlx::test]
async fn a_mail_with_very_many_faults_is_told_some_of_them(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let people: Vec<Value> = (0..90).map(|n| json!(format!("nobody{n}"))).collect();
    let batch = json!({"messages": [acme.hello_with(&json!({"to": people}))]});
    let answer = acme.caller.post("/v1/send/batch", &batch).await.expect(202);
    assert_eq!(answer.body["data"][0]["error"]["details"].as_array().unwrap().len(), 20);
    let message = answer.text_at("/data/0/error/message");
    assert!(message.starts_with("90 fields"), "{message}");
    app.stop().await;
}
