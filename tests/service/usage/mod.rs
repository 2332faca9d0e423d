//! What tenants used: the numbers on a bill, and that they are right.

mod admin;
mod closing;
mod counts;
mod facts;
mod periods;
mod requests;

use serde_json::Value;

/// Entries of a list without the links to the facts behind them.
fn without_links(entries: &Value) -> Value {
    let mut entries = entries.clone();
    for entry in entries.as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("links").is_some());
    }
    entries
}
