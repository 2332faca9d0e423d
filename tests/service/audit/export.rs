//! A tenant's history as a file, for itself and for admins.

use selfmx::audit::inspection::Inspection;
use selfmx::audit::key::VerifierKey;
use serde_json::Value;
use sqlx::PgPool;

use crate::app::{App, Tenant};

/// Exports up to a moment, and checks it with the key that the service shows elsewhere.
async fn exported(app: &App, acme: &Tenant, query: &str) -> String {
    let answer = acme.caller.get(&format!("/v1/tenant/export{query}")).await.expect(200);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/x-ndjson"));
    let key = app.admin().get("/v1/audit/key").await.expect(200).text_at("/verifier_key");
    let key: VerifierKey = key.parse().unwrap();
    let mut lines = answer.text.lines();
    let mut inspection = Inspection::begin(lines.next().unwrap(), Some(&key), None).unwrap();
    let mut ends = lines.filter_map(|line| inspection.next(line).unwrap());
    assert_eq!(ends.next().unwrap().header.tenant_id, acme.id);
    assert_eq!(ends.next(), None);
    answer.text
}

#[sqlx::test]
async fn the_same_range_is_the_same_file_for_whoever_asks_and_whenever(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    acme.sends(&acme.hello()).await;
    other.sends(&other.hello()).await;
    app.settle().await;
    app.advance(60);
    let range = "?until=2024-01-15T10:30:30Z";
    let file = exported(&app, &acme, range).await;
    assert!(file.contains("email.accepted") && file.contains("email.recipient_delivered"));
    assert!(!file.contains(&other.id) && !file.contains("other.com"));
    acme.sends(&acme.hello()).await;
    app.settle().await;
    assert_eq!(exported(&app, &acme, range).await, file);
    let by_admin = app.admin().get(&acme.path(&format!("/export{range}"))).await.expect(200);
    assert_eq!(by_admin.text, file);

    let whole = exported(&app, &acme, "").await;
    let facts = |file: &str| file.lines().count() - 2;
    let since = exported(&app, &acme, "?since=2024-01-15T10:30:30Z").await;
    assert_eq!(facts(&whole), facts(&file) + facts(&since), "the two ranges meet");
    app.stop().await;
}

#[sqlx::test]
async fn a_long_history_is_whole(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let later = serde_json::json!({"scheduled_at": "2024-01-20T00:00:00Z"});
    let email = acme.hello_with(&later);
    for _ in 0..10 {
        let sends = (0..60).map(|_| acme.sends(&email));
        futures_util::future::join_all(sends).await;
    }
    let file = exported(&app, &acme, "").await;
    let header: Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert!(header["facts"].as_i64().unwrap() >= 602, "{header}");
    app.stop().await;
}

#[sqlx::test]
async fn what_cannot_be_exported_is_refused_with_the_reason(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    for (query, field) in [
        ("since=yesterday", "since"),
        ("until=2024-01-15", "until"),
        ("since=2024-01-15T10:30:00Z&until=2024-01-15T10:29:00Z", "until"),
        ("size=x", "size"),
        ("size=1", "size"),
        ("size=1000000", "size"),
        ("from_size=-1", "from_size"),
        ("from_size=1000000", "from_size"),
        ("format=csv", "format"),
    ] {
        let answer = acme.caller.get(&format!("/v1/tenant/export?{query}")).await.expect(422);
        assert_eq!(answer.faulty_fields(), [field], "{query}: {}", answer.text);
    }
    app.stop().await;
}
