//! Whom a tenant wants told, what they are told, and what becomes of it when they do not listen.

mod addresses;
mod contents;
mod disabling;
mod fairness;
mod later;
mod life;
mod pieces;
mod pruned;
mod regrown;
mod retries;
mod secrets;
mod signatures;
mod told;
mod unread;

use serde_json::{Value, json};

use crate::app::{Answer, Tenant};
use crate::support::receiver::{Receiver, Told};

/// A webhook of a tenant's: the whole answer.
async fn webhook(tenant: &Tenant, url: &str, events: &[&str]) -> Answer {
    tenant.caller.post("/v1/webhooks", &json!({"url": url, "events": events})).await.expect(201)
}

/// The same; its id.
async fn hooked(tenant: &Tenant, receiver: &Receiver, events: &[&str]) -> String {
    webhook(tenant, &receiver.url(), events).await.text_at("/id")
}

/// What stands in its log, the newest first.
async fn log(tenant: &Tenant, id: &str) -> Vec<Value> {
    let answer = tenant.caller.get(&format!("/v1/webhooks/{id}/logs?limit=100")).await.expect(200);
    answer.body["data"].as_array().unwrap().clone()
}

/// A webhook as it is now.
async fn shown(tenant: &Tenant, id: &str) -> Answer {
    tenant.caller.get(&format!("/v1/webhooks/{id}")).await.expect(200)
}

/// What it was told of some kind.
fn of_kind<'a>(told: &'a [Told], kind: &str) -> Vec<&'a Told> {
    told.iter().filter(|told| told.body["type"] == kind).collect()
}
