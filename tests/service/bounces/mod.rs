//! What comes back after a mail has left: bounces and complaints, taken in by SMTP.

mod alignment;
mod door;
mod reports;

use std::net::SocketAddr;

use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::app::{Answer, App, Tenant, until};
use crate::support::relay::TestRelay;

const BOUNCE: &str = include_str!("../../fixtures/reports/postfix_bounce.eml");
const DELAY: &str = include_str!("../../fixtures/reports/postfix_delay.eml");
const COMPLAINT: &str = include_str!("../../fixtures/reports/arf_complaint.eml");

/// A service that takes in reports.
async fn listening(db: &PgPool) -> App {
    let settings = [("RETURN_PATH_DOMAIN", "bounce.example.net"), ("BOUNCE_LISTEN", "127.0.0.1:0")];
    App::with(db, &settings).await
}

/// A tenant whose mail goes by this relay of its own.
async fn tenant_by(app: &App, domain: &str, relay: &TestRelay) -> Tenant {
    let tenant = app.tenant(domain).await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&tenant.path(""), &json!({"smtp": smtp})).await.expect(200);
    tenant
}

/// Sends a mail to these, waits until it is delivered, and says where its bounces go.
async fn delivered(app: &App, tenant: &Tenant, relay: &TestRelay, to: &[&str]) -> (String, String) {
    let email = tenant.sends(&tenant.hello_with(&json!({"to": to}))).await;
    becomes(tenant, &email, "delivered").await;
    app.settle().await;
    (email, relay.mails().last().unwrap().from.clone())
}

/// Waits until an email is in this status, and shows it.
async fn becomes(tenant: &Tenant, email: &str, status: &str) -> Answer {
    until(&format!("{email} is {status}"), async || {
        tenant.email(email).await.text_at("/status") == status
    })
    .await;
    tenant.email(email).await
}

/// A report, with whom it is about in the place of the one in the fixture.
fn about(report: &str, recipient: &str) -> String {
    report.replace("nobody@example.org", recipient).replace("ann@example.org", recipient)
}

/// A mail server that tells of a mail.
struct Reporter(BufReader<TcpStream>);

impl Reporter {
    async fn calls(address: SocketAddr) -> Self {
        let mut reporter = Self(BufReader::new(TcpStream::connect(address).await.unwrap()));
        assert!(reporter.hears().await.starts_with("220 bounce.example.net "));
        assert!(reporter.asks("EHLO mx.example.org").await.starts_with("250 "));
        reporter
    }

    /// The last line of an answer; empty if the other side has hung up.
    async fn hears(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn asks(&mut self, words: &str) -> String {
        self.0.get_mut().write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
        self.hears().await
    }

    /// The answer after the final dot.
    async fn reports(&mut self, to: &str, report: &str) -> String {
        assert!(self.asks("MAIL FROM:<>").await.starts_with("250 "));
        assert_eq!(self.asks(&format!("RCPT TO:<{to}>")).await, "250 2.1.5 recipient noted");
        assert!(self.asks("DATA").await.starts_with("354 "));
        let report = report.replace("\r\n", "\n").replace('\n', "\r\n");
        self.asks(&format!("{report}\r\n.")).await
    }
}
