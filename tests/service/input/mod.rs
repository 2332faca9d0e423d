//! What is not taken, how that is said, and that nothing comes of it.

mod away;
mod bodies;
mod domains;
mod emails;
mod heads;
mod keys;
mod paths;
mod queries;
mod raw;
mod templates;
mod tenants;

use reqwest::RequestBuilder;
use serde_json::Value;

use crate::app::{Answer, App, Caller};

/// What must be as it was after a refusal.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    events: i64,
    queue: i64,
    contents: i64,
    receipts: i64,
}

async fn kept(app: &App) -> Kept {
    let count = async |sql: &'static str| -> i64 {
        sqlx::query_scalar(sql).fetch_one(&app.pool).await.unwrap()
    };
    Kept {
        events: app.events().await,
        queue: count("select count(*) from send_queue").await,
        contents: count("select count(*) from email_contents").await,
        receipts: count("select count(*) from receipts").await,
    }
}

/// Somebody whose requests are all refused.
struct Refused<'a> {
    app: &'a App,
    caller: &'a Caller,
}

impl Refused<'_> {
    /// Asks under an idempotency key: nothing may come of it, not even a receipt.
    async fn ask(&self, request: RequestBuilder) -> Answer {
        let before = kept(self.app).await;
        let answer = self.caller.send(request.header("Idempotency-Key", "refused")).await;
        assert_is_an_error(&answer);
        assert_eq!(kept(self.app).await, before, "{}", answer.text);
        answer
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(self.caller.request(reqwest::Method::POST, path).json(body)).await
    }

    /// Asks with a body and expects exactly these fields to be at fault.
    async fn at_fault(&self, path: &str, body: &Value, fields: &[&str]) {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text);
        let (mut told, mut expected) = (answer.faulty_fields(), fields.to_vec());
        told.sort();
        expected.sort_unstable();
        assert_eq!(told, expected, "{body}: {}", answer.text);
    }
}

/// An error of the shape that the specification gives, without a word about our insides.
#[track_caller]
fn assert_is_an_error(answer: &Answer) {
    assert!(answer.status >= 400, "{} {}", answer.status, answer.text);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"), "{answer:?}");
    assert_eq!(answer.header("x-request-id"), Some(answer.text_at("/error/request_id")));
    assert!(!answer.code().is_empty() && !answer.text_at("/error/message").is_empty());
    let known = ["code", "message", "details", "request_id"];
    let error = answer.body["error"].as_object().unwrap();
    assert!(error.keys().all(|name| known.contains(&name.as_str())), "{}", answer.text);
    assert_eq!(answer.body.as_object().unwrap().len(), 1, "{}", answer.text);
    for inner in
        ["sqlx", "serde", "axum", "hyper", "postgres", "panic", ".rs", "src/", "invalid type"]
    {
        assert!(!answer.text.to_lowercase().contains(inner), "{}", answer.text);
    }
}
