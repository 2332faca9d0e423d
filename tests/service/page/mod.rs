//! Every `curl` of the page on multi-tenancy, run as it is printed there.
//!
//! Only the host and what stands for a key or an id is put in; what answers is held against what the page
//! shows.

use std::process::Stdio;

use serde_json::Value;
use sqlx::PgPool;
use tokio::process::Command;

use crate::app::{ADMIN, App};

/// The owner's page, to the letter.
const PAGE: &str = include_str!("multi-tenancy.md");

/// What the page has in place of what only a running service knows.
struct Stands {
    url: String,
    tenant: String,
    token: String,
}

/// One fenced block of the page.
struct Block<'a> {
    language: &'a str,
    text: String,
}

fn blocks() -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language, text: inside.join("\n") });
        }
    }
    blocks
}

/// Each `curl` with the answer that the page shows after it, if it shows one.
fn curls() -> Vec<(String, Option<Value>)> {
    let blocks = blocks();
    let mut curls = Vec::new();
    for (place, block) in blocks.iter().enumerate().filter(|(_, b)| b.text.contains("curl ")) {
        let next = blocks.get(place + 1).filter(|next| next.language == "json");
        curls
            .push((block.text.clone(), next.map(|next| serde_json::from_str(&next.text).unwrap())));
    }
    curls
}

impl Stands {
    /// Runs a command of the page and gives its output as JSON.
    async fn run(&self, command: &str) -> Value {
        let command = command
            .replace("https://api.yourdomain.com", &self.url)
            .replace("ADMIN_API_KEY", ADMIN)
            .replace("TENANT_API_KEY", &self.token)
            .replace("tenant_abc123", &self.tenant)
            .replace("curl ", "curl --silent --show-error --fail-with-body ");
        let mut bash = Command::new("bash");
        let output = bash.arg("-ec").arg(&command).stdin(Stdio::null()).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}\n{text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// The answer has all that the page shows, with values of the same kind.
fn assert_shaped_like(shown: &Value, answer: &Value, at: &str) {
    match (shown, answer) {
        (Value::Object(shown), Value::Object(answer)) => {
            for (name, value) in shown {
                let found =
                    answer.get(name).unwrap_or_else(|| panic!("no {at}/{name}: {answer:?}"));
                assert_shaped_like(value, found, &format!("{at}/{name}"));
            }
        }
        (Value::Number(_), Value::Number(_)) => {}
        (Value::String(shown), Value::String(_)) if is_made_anew(shown) => {}
        (shown, answer) => assert_eq!(shown, answer, "{at}"),
    }
}

fn is_made_anew(shown: &str) -> bool {
    shown.starts_with("tenant_") || shown.starts_with("2024-")
}

#[sqlx::test]
async fn each_curl_of_the_page_works_as_printed(db: PgPool) {
    let app = App::start(&db).await;
    let curls = curls();
    assert_eq!(curls.len(), 8, "the page has other commands than before");
    let url = app.url.clone();
    let mut stands = Stands { url, tenant: String::new(), token: String::new() };
    for (command, shown) in curls {
        let answer = stands.run(&command).await;
        if command.contains("/api-keys") {
            answer["key"].as_str().unwrap().clone_into(&mut stands.token);
        } else if command.contains("Acme Corp") {
            answer["id"].as_str().unwrap().clone_into(&mut stands.tenant);
        }
        if let Some(shown) = shown {
            assert_shaped_like(&shown, &answer, "");
        }
    }
    assert_the_page_was_obeyed(&app, &stands).await;
    app.stop().await;
}

/// What the commands asked for is so afterwards.
async fn assert_the_page_was_obeyed(app: &App, stands: &Stands) {
    let tenant = app.admin().get(&format!("/v1/tenants/{}", stands.tenant)).await.expect(200);
    assert_eq!(tenant.text_at("/smtp/host"), "smtp.acme.com");
    assert_eq!(tenant.body["smtp"]["has_password"], true);
    assert!(!tenant.text.contains("tenant-smtp-password"));
    assert_eq!(tenant.number_at("/rate_limit/requests_per_minute"), 200);
    assert_eq!(tenant.number_at("/rate_limit/emails_per_day"), 10_000);
    assert_eq!(tenant.number_at("/counts/api_keys"), 1);
}
