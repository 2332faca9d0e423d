//! Domains: added, verified, lost, given up; and the mail that is signed for them.

mod later;
mod life;
mod lookups;
mod require;
mod signatures;

use serde_json::{Value, json};

use crate::app::{Answer, App, Tenant};
use crate::support::name_server::TestNameServer;

/// A service that asks this name server.
async fn asking(db: &sqlx::PgPool, dns: &TestNameServer, settings: &[(&str, &str)]) -> App {
    let address = dns.address();
    let mut all = vec![("DNS_SERVERS", address.as_str())];
    all.extend_from_slice(settings);
    App::with(db, &all).await
}

/// Adds a domain.
pub(crate) async fn add(tenant: &Tenant, name: &str) -> Answer {
    tenant.caller.post("/v1/domains", &json!({"name": name})).await.expect(201)
}

/// Has a domain looked up.
pub(crate) async fn verify(tenant: &Tenant, id: &str) -> Answer {
    tenant.caller.post_nothing(&format!("/v1/domains/{id}/verify")).await.expect(200)
}

pub(crate) async fn shown(tenant: &Tenant, id: &str) -> Answer {
    tenant.caller.get(&format!("/v1/domains/{id}")).await.expect(200)
}

/// Each record by what it is for.
pub(crate) fn record(domain: &Answer, purpose: &str) -> Value {
    let records = domain.body["records"].as_array().unwrap();
    records.iter().find(|record| record["purpose"] == purpose).unwrap().clone()
}

/// What was found of each record.
fn statuses(domain: &Answer) -> Vec<(String, String)> {
    let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
    let records = domain.body["records"].as_array().unwrap();
    records.iter().map(|one| (text(one, "purpose"), text(one, "status"))).collect()
}

/// Sets a record as the answer says.
pub(crate) fn publish(dns: &TestNameServer, domain: &Answer, purpose: &str) {
    let record = record(domain, purpose);
    let text = |field: &str| record[field].as_str().unwrap().to_owned();
    match record["type"].as_str().unwrap() {
        "TXT" => dns.add_text(&text("name"), &text("value")),
        _ => dns.add_alias(&text("name"), &text("value")),
    }
}

/// Adds a domain of which both keys stand in the DNS, and has it looked up.
pub(crate) async fn verified(tenant: &Tenant, dns: &TestNameServer, name: &str) -> Answer {
    let added = add(tenant, name).await;
    publish(dns, &added, "dkim_rsa");
    publish(dns, &added, "dkim_ed25519");
    let verified = verify(tenant, &added.text_at("/id")).await;
    assert_eq!(verified.text_at("/status"), "verified", "{}", verified.text);
    verified
}

/// What has happened to a domain, by its names in the log.
async fn facts(app: &App, id: &str) -> Vec<String> {
    sqlx::query_scalar("select type from events where stream_id = $1 order by version")
        .bind(id)
        .fetch_all(&app.pool)
        .await
        .unwrap()
}
