//! Domains that are none.

use serde_json::json;
use sqlx::PgPool;

use super::Refused;
use crate::app::App;

#[sqlx::test]
async fn a_faulty_domain_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    for (body, at_fault) in [
        (json!({}), vec!["name"]),
        (json!({"name": null}), vec!["name"]),
        (json!({"name": 1}), vec!["name"]),
        (json!({"name": ""}), vec!["name"]),
        (json!({"name": "acme"}), vec!["name"]),
        (json!({"name": "127.0.0.1"}), vec!["name"]),
        (json!({"name": "*.acme.com"}), vec!["name"]),
        (json!({"name": "acme.com\r\nX: y"}), vec!["name"]),
        (json!({"name": format!("{}.com", "a".repeat(64))}), vec!["name"]),
        (json!({"domain": "acme.org", "name": "x"}), vec!["domain", "name"]),
    ] {
        refused.at_fault("/v1/domains", &body, &at_fault).await;
    }
    app.stop().await;
}
