//! Keys that are not made or rotated so.

use serde_json::json;
use sqlx::PgPool;

use super::Refused;
use crate::app::App;

#[sqlx::test]
async fn a_faulty_key_is_refused_with_each_faulty_field(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let admin = app.admin();
    let path = acme.path("/api-keys");
    let (own, theirs) =
        (Refused { app: &app, caller: &acme.caller }, Refused { app: &app, caller: &admin });
    let domains: Vec<String> = (0..101).map(|number| format!("d{number}.com")).collect();
    for (body, at_fault) in [
        (json!({}), vec!["name", "permissions"]),
        (json!({"name": "", "permissions": []}), vec!["name", "permissions"]),
        (json!({"name": 1, "permissions": "send"}), vec!["name", "permissions"]),
        (
            json!({"name": "a\nb", "permissions": ["send", "fly", ""]}),
            vec!["name", "permissions[1]", "permissions[2]"],
        ),
        (json!({"name": "A", "permissions": ["Send"]}), vec!["permissions[0]"]),
        (json!({"name": "A", "permissions": [["send"]]}), vec!["permissions"]),
        (json!({"name": "A", "permissions": {"send": true}}), vec!["permissions"]),
        (json!({"name": "A", "permissions": ["send"], "expires_at": "soon"}), vec!["expires_at"]),
        (
            json!({"name": "A", "permissions": ["send"], "expires_at": "2024-01-15T10:30:00Z"}),
            vec!["expires_at"],
        ),
        (json!({"name": "A", "permissions": ["send"], "expires_at": 0}), vec!["expires_at"]),
        (
            json!({"name": "A", "permissions": ["send"], "allowed_domains": []}),
            vec!["allowed_domains"],
        ),
        (
            json!({"name": "A", "permissions": ["send"], "allowed_domains": ["x", "a.com"]}),
            vec!["allowed_domains[0]"],
        ),
        (
            json!({"name": "A", "permissions": ["send"], "allowed_domains": domains}),
            vec!["allowed_domains"],
        ),
        (
            json!({"name": "A", "permissions": ["send"], "key": "sk_live_mine", "hash": "x"}),
            vec!["hash", "key"],
        ),
        (json!({"name": "A", "permissions": ["send"], "tenant_id": 1}), vec!["tenant_id"]),
    ] {
        own.at_fault("/v1/api-keys", &body, &at_fault).await;
        theirs.at_fault(&path, &body, &at_fault).await;
    }
    let other = app.tenant("other.com").await;
    let named = json!({"name": "A", "permissions": ["send"], "tenant_id": other.id});
    theirs.at_fault(&path, &named, &["tenant_id"]).await;
    own.post("/v1/api-keys", &named).await.expect(404);
    app.stop().await;
}

#[sqlx::test]
async fn a_faulty_grace_is_refused(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let refused = Refused { app: &app, caller: &acme.caller };
    let rotate = format!("/v1/api-keys/{}/rotate", acme.key_id);
    for grace in [
        json!(-1),
        json!("60"),
        json!(1.5),
        json!(60.0),
        json!(2_592_001),
        json!(u64::MAX),
        json!([]),
    ] {
        refused.at_fault(&rotate, &json!({"grace_seconds": grace}), &["grace_seconds"]).await;
    }
    refused.at_fault(&rotate, &json!({"grace": 60}), &["grace"]).await;
    app.stop().await;
}
