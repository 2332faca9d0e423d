//! What is personal can be forgotten for good, and everything around it stays.

mod contents;
mod first_version;
mod flight;
mod nodes;
mod secret;
mod tenant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use selfmx::database::root_key;
use selfmx::events::store::read::Reader;
use selfmx::projections::{self, rebuild::Rebuild};
use selfmx::values::{Secret, WrappingKey};
use serde_json::Value;
use sqlx::PgPool;

use crate::app::{App, SECRET};
use crate::secrets::all_rows;

/// The tables of mail, row by row, to be compared.
const TABLES: [&str; 4] = [
    "select to_jsonb(t)::text from emails t order by id",
    "select to_jsonb(t)::text from email_recipients t order by email_id, place",
    "select to_jsonb(t)::text from email_timeline t order by position",
    "select to_jsonb(t)::text from usage t order by tenant_id, day",
];

async fn snapshot(db: &PgPool) -> Vec<String> {
    let mut rows = Vec::new();
    for table in TABLES {
        let more: Vec<String> = sqlx::query_scalar(table).fetch_all(db).await.unwrap();
        rows.extend(more);
    }
    rows
}

/// Says which rows only one of the two has.
#[track_caller]
fn assert_same(one: &[String], other: &[String]) {
    let lacking = |from: &[String], rows: &[String]| -> Vec<String> {
        rows.iter().filter(|row| !from.contains(row)).cloned().collect()
    };
    assert_eq!(lacking(other, one), lacking(one, other));
}

/// Grows all tables again from the first fact, as the operator may at any time.
async fn grow_again(app: &App) {
    let secret = WrappingKey::new(&Secret::new(SECRET)).unwrap();
    let root = root_key::open(&app.pool, &secret).await.unwrap();
    let log = Reader::new(app.pool.clone(), root);
    let rebuild = Rebuild { log: &log, clock: &app.clock, tell: &|_| {} };
    rebuild.run(&projections::all()).await.unwrap();
}

/// A text as it is, and as it would stand in bytes that are shown as text: in hex, and in Base64 from
/// whichever place.
fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned(), hex::encode(text)];
    for before in 0..3 {
        let shifted = [&b"xx"[..before], text.as_bytes()].concat();
        let encoded = STANDARD.encode(shifted);
        // The ends depend on what stands beside them.
        forms.push(encoded[4..encoded.len() - 4].to_owned());
    }
    forms
}

/// The rows in which any of these stands.
async fn rows_with(db: &PgPool, texts: &[&str]) -> Vec<(String, String)> {
    let forms: Vec<String> = texts.iter().flat_map(|text| forms(text)).collect();
    let mut rows = all_rows(db).await;
    rows.retain(|(_, row)| forms.iter().any(|form| row.contains(form)));
    rows
}

/// What a tenant used this month, but for the requests, and for the moment of asking, which the links hold too.
async fn usage(app: &App, tenant: &str) -> Value {
    let path = format!("/v1/tenants/{tenant}/usage?period=2024-01");
    let mut usage = app.admin().get(&path).await.expect(200).body;
    for name in ["api_requests", "as_of", "as_of_position", "final", "links"] {
        usage.as_object_mut().unwrap().remove(name);
    }
    usage
}
