//! What becomes of mail: by which relay it leaves, when, and what its sender is told.

mod fairness;
mod leases;
mod letters;
mod multitude;
mod nodes;
mod outcomes;
mod queue;
mod relays;
mod retries;
mod settings;
mod standing;
mod trouble;

use serde_json::{Value, json};

use crate::app::{Answer, App, Tenant, until};
use crate::support::relay::TestRelay;

/// A relay's settings as a tenant gives them: in clear, without a login.
fn smtp(relay: &TestRelay) -> Value {
    json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"})
}

/// The same with other fields.
fn smtp_with(relay: &TestRelay, fields: &Value) -> Value {
    let mut settings = smtp(relay);
    for (name, value) in fields.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// Gives a tenant these fields.
async fn change(app: &App, tenant: &Tenant, fields: &Value) -> Answer {
    app.admin().patch(&tenant.path(""), fields).await.expect(200)
}

/// A tenant whose mail goes by this relay of its own.
async fn tenant_by(app: &App, domain: &str, relay: &TestRelay) -> Tenant {
    let tenant = app.tenant(domain).await;
    change(app, &tenant, &json!({"smtp": smtp(relay)})).await;
    tenant
}

/// Waits until an email is in this status, and shows it.
async fn becomes(tenant: &Tenant, email: &str, status: &str) -> Answer {
    until(&format!("{email} is {status}"), async || {
        tenant.email(email).await.text_at("/status") == status
    })
    .await;
    tenant.email(email).await
}

/// What the timeline is made of.
fn kinds(email: &Answer) -> Vec<String> {
    let moments = email.body["timeline"].as_array().unwrap();
    moments.iter().map(|moment| moment["type"].as_str().unwrap().to_owned()).collect()
}

/// The first moment of a kind.
fn moment(email: &Answer, kind: &str) -> Value {
    let moments = email.body["timeline"].as_array().unwrap();
    moments.iter().find(|moment| moment["type"] == kind).unwrap().clone()
}

/// A header of a mail, as it was written.
fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    let lines = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let start = format!("{name}: ");
    lines.split("\r\n").find_map(|line| Some(line.strip_prefix(&start)?.to_owned()))
}
