//! What the log lines say of a request, and what they never say.

use std::io;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use sqlx::PgPool;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{App, until};

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn with(&self, part: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(part)).map(ToOwned::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[sqlx::test]
async fn a_request_is_one_line_with_its_id_and_without_its_secrets(db: PgPool) {
    let lines = Lines::default();
    let logger = tracing_subscriber::fmt().json().flatten_event(true).with_writer(lines.clone());
    // Only this test logs, so the process's one logger is its own.
    logger.try_init().unwrap();
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let request = acme.caller.request(Method::GET, "/v1/emails?to=secret@example.org");
    let answer = acme.caller.send(request.header("X-Request-Id", "order-42")).await.expect(200);
    assert_eq!(answer.header("x-request-id").as_deref(), Some("order-42"));
    until("the request is logged", async || !lines.with("order-42").is_empty()).await;
    let told = lines.with("order-42");
    assert_eq!(told.len(), 1, "{told:?}");
    let line: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!((&line["method"], &line["path"]), (&"GET".into(), &"/v1/emails".into()));
    assert_eq!((&line["status"], &line["tenant"]), (&200.into(), &acme.id.clone().into()));
    assert_eq!(line["key"], acme.key_id);
    let refused = app.nobody().get("/v1/emails").await.expect(401);
    let id = refused.text_at("/error/request_id");
    assert_eq!(refused.header("x-request-id"), Some(id.clone()));
    until("the refusal is logged", async || !lines.with(&id).is_empty()).await;
    assert!(lines.with(&id)[0].contains("\"error\":\"unauthorized\""), "{:?}", lines.with(&id));
    for secret in ["secret@example.org", acme.token.as_str()] {
        assert_eq!(lines.with(secret), Vec::<String>::new());
    }
    app.stop().await;
}
