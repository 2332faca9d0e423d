//! A tenant's SMTP password is in no answer, no log line, no event in clear, and no error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::log::Lines;
use super::{all_rows, forms};
use crate::app::{App, Caller, Tenant};
use crate::support::relay::{Act, Step, TestRelay};

const USER: &str = "acme-mailer";
const PASSWORD: &str = "correct-horse-battery-staple-9f";

/// All that was answered.
struct Answers<'a> {
    texts: Vec<String>,
    admin: Caller,
    acme: &'a Tenant,
}

impl Answers<'_> {
    async fn ask(&mut self, caller: &Caller, method: Method, path: &str, body: &str) -> u16 {
        let request = caller.request(method, path).header("Content-Type", "application/json");
        let answer = caller.send(request.body(body.to_owned())).await;
        self.texts.push(format!("{:?} {}", answer.headers, answer.text));
        answer.status
    }

    async fn see_everything(&mut self) {
        let own = ["/v1/tenant", "/v1/emails", "/v1/logs", "/v1/api-keys", "/v1/usage"];
        let own = own.into_iter().chain(["/v1/tenant/events?limit=100"]);
        for path in own {
            self.ask(&self.acme.caller.clone(), Method::GET, path, "").await;
        }
        for rest in ["", "/emails", "/usage", "/api-keys", "/events?limit=100"] {
            let path = self.acme.path(rest);
            assert_eq!(self.ask(&self.admin.clone(), Method::GET, &path, "").await, 200);
        }
        for path in ["/v1/tenants", "/v1/usage", "/dev/outbox", "/metrics", "/health"] {
            self.ask(&self.admin.clone(), Method::GET, path, "").await;
        }
    }

    /// The password where it does not belong, and with faults around it.
    async fn misplace_it(&mut self) {
        let bodies = [
            json!({"smtp": PASSWORD}),
            json!({"smtp": [PASSWORD]}),
            json!({"smtp": {"pass": [PASSWORD]}}),
            json!({"smtp": {"pass": {"is": PASSWORD}}}),
            json!({"smtp": {"pass": PASSWORD, "port": "smtp", "tls": 7}}),
            json!({"smtp": {"password": PASSWORD}}),
            json!({"smtp": {"pass": format!("{PASSWORD}\n")}}),
            json!({"smtp": {"host": PASSWORD, "pass": PASSWORD, "pool_size": PASSWORD}}),
            json!({"settings": {"pass": PASSWORD}}),
            json!({"rate_limit": PASSWORD, "pass": PASSWORD}),
            json!({"smtp": {"tls": PASSWORD, "port": PASSWORD}}),
            json!([PASSWORD]),
        ];
        let texts = bodies.iter().map(Value::to_string).chain([
            format!(r#"{{"smtp": {{"pass": "{PASSWORD}""#),
            format!(r#"{{"smtp": {{"pass": "{PASSWORD}", "pass": "{PASSWORD}"}}}}"#),
            format!(r#"{{"smtp": {{"pass": "{PASSWORD}\u0000"}}}}"#),
            PASSWORD.to_owned(),
        ]);
        for text in texts {
            for method in [Method::PUT, Method::PATCH] {
                let status =
                    self.ask(&self.admin.clone(), method, &self.acme.path(""), &text).await;
                assert!([400, 422].contains(&status), "{status}: {text}");
            }
            let status = self.ask(&self.admin.clone(), Method::POST, "/v1/tenants", &text).await;
            assert!([400, 422].contains(&status), "{status}: {text}");
        }
    }

    async fn put(&mut self, smtp: &Value) {
        let text = json!({"smtp": smtp}).to_string();
        let status = self.ask(&self.admin.clone(), Method::PUT, &self.acme.path(""), &text).await;
        assert_eq!(status, 200, "{:?}", self.texts.last());
    }

    /// Tries the relay, sends, and looks at what became of it.
    async fn send(&mut self, app: &App, then: &str) {
        let caller = self.acme.caller.clone();
        assert_eq!(self.ask(&caller, Method::POST, "/v1/test-smtp", "").await, 200);
        let path = self.acme.path("/test-smtp");
        assert_eq!(self.ask(&self.admin.clone(), Method::POST, &path, "").await, 200);
        let email = self.acme.sends(&self.acme.hello()).await;
        app.settle().await;
        let answer = self.acme.email(&email).await;
        assert_eq!(answer.text_at("/status"), then, "{}", answer.text);
        self.texts.push(answer.text);
        self.see_everything().await;
    }
}

#[sqlx::test]
async fn the_smtp_password_stands_nowhere_in_clear(db: PgPool) {
    let lines = Lines::keep();
    let relay = TestRelay::options().login(USER, PASSWORD).start().await;
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let mut answers = Answers { texts: Vec::new(), admin: app.admin(), acme: &acme };
    let own = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none", "user": USER,
                     "pass": PASSWORD});
    answers.put(&own).await;
    answers.send(&app, "delivered").await;
    let plain = STANDARD_NO_PAD.encode(format!("\0{USER}\0{PASSWORD}"));
    let spiteful = format!("535 5.7.8 {PASSWORD} and {plain} are not right");
    relay.on(Step::Auth, Act::say(&spiteful));
    answers.put(&json!({"pool_size": 2})).await;
    answers.send(&app, "failed").await;
    answers.misplace_it().await;
    answers.see_everything().await;
    app.settle().await;

    let looked_for: Vec<String> = forms(PASSWORD).into_iter().chain([plain]).collect();
    let holds = |text: &str| looked_for.iter().any(|form| text.contains(form));
    for text in &answers.texts {
        assert!(!holds(text), "an answer: {text}");
    }
    for (table, row) in all_rows(&app.pool).await {
        assert!(!holds(&row), "{table}: {row}");
    }
    let lines = lines.text();
    assert!(lines.contains(&acme.id) && lines.contains("TRACE"));
    for line in lines.lines() {
        assert!(!holds(line), "a log line: {line}");
    }
    app.stop().await;
}
