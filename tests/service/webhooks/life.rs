//! A webhook is made, seen, changed and deleted.

use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log, shown, webhook};
use crate::app::App;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn its_secret_is_shown_once_and_the_rest_whenever_it_is_asked_for(db: PgPool) {
    let app = App::start(&db).await;
    let tenant = app.tenant("acme.com").await;
    let made = webhook(&tenant, "https://example.com/hooks", &["bounced", "delivered"]).await;
    let (id, secret) = (made.text_at("/id"), made.text_at("/secret"));
    assert!(id.starts_with("wh_") && secret.starts_with("whsec_"), "{made:?}");
    let seen = shown(&tenant, &id).await;
    assert_eq!(
        seen.body,
        json!({
            "id": id, "url": "https://example.com/hooks", "events": ["delivered", "bounced"],
            "active": true, "created_at": crate::app::BEGIN,
        })
    );
    let listed = tenant.caller.get("/v1/webhooks").await.expect(200);
    assert_eq!(listed.body["data"], json!([seen.body]));
    assert_eq!(tenant.caller.get("/v1/tenant").await.number_at("/counts/webhooks"), 1);
    let at = tenant.caller.get(&format!("/v1/tenant?at={}", crate::app::BEGIN)).await.expect(200);
    assert_eq!(at.number_at("/counts/webhooks"), 1);
    let path = format!("/v1/webhooks/{id}");
    let changed = json!({"url": "https://example.com/other", "events": ["*"], "active": false});
    let changed = tenant.caller.patch(&path, &changed).await.expect(200);
    assert_eq!(changed.body, shown(&tenant, &id).await.body);
    assert_eq!(changed.body["events"], json!(["*"]));
    tenant.caller.delete(&path).await.expect(200);
    for gone in [tenant.caller.get(&path).await, tenant.caller.delete(&path).await] {
        gone.expect(404);
    }
    assert_eq!(tenant.caller.get("/v1/tenant").await.number_at("/counts/webhooks"), 0);
    app.stop().await;
}

#[sqlx::test]
async fn one_that_is_not_active_or_gone_is_told_nothing(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let (off, gone) =
        (hooked(&tenant, &receiver, &["*"]).await, hooked(&tenant, &receiver, &["*"]).await);
    let path = format!("/v1/webhooks/{off}");
    tenant.caller.put(&path, &json!({"active": false})).await.expect(200);
    tenant.caller.delete(&format!("/v1/webhooks/{gone}")).await.expect(200);
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!((receiver.told().len(), log(&tenant, &off).await.len()), (0, 0));
    tenant.caller.put(&path, &json!({"active": true})).await.expect(200);
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(receiver.told().len(), 3);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_that_is_deleted_has_nobody_told_and_leaves_nothing_of_it(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    receiver.answers(500, "ann@example.org is nobody's business");
    hooked(&tenant, &receiver, &["queued"]).await;
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    receiver.wait_for(1).await;
    app.admin().delete(&tenant.path("")).await.expect(200);
    app.settle().await;
    app.advance(3_600);
    app.settle().await;
    assert_eq!(receiver.told().len(), 1);
    let left = "select count(*) from webhook_deliveries";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&app.pool).await.unwrap(), 0);
    app.stop().await;
}

#[sqlx::test]
async fn all_that_is_wrong_is_told_at_once(db: PgPool) {
    let app = App::start(&db).await;
    let tenant = app.tenant("acme.com").await;
    let wrong = json!({
        "url": "ftp://example.com", "events": ["delivered", "teleported"], "secret": "hunter2",
        "active": "yes", "color": "red",
    });
    let told = tenant.caller.post("/v1/webhooks", &wrong).await.expect(422);
    assert_eq!(told.faulty_fields(), ["color", "url", "events[1]", "secret", "active"]);
    assert!(!told.text.contains("hunter2"));
    for (body, fields) in [
        (json!({}), vec!["url", "events"]),
        (json!({"url": "https://me:pw@example.com", "events": []}), vec!["url", "events"]),
        (json!({"url": 7, "events": "delivered"}), vec!["url", "events"]),
    ] {
        let told = tenant.caller.post("/v1/webhooks", &body).await.expect(422);
        assert_eq!(told.faulty_fields(), fields, "{body}");
    }
    let id = webhook(&tenant, "https://example.com", &["*"]).await.text_at("/id");
    let path = format!("/v1/webhooks/{id}");
    let secret = json!({"secret": "a-secret-of-many-characters"});
    let told = tenant.caller.patch(&path, &secret).await.expect(422);
    assert_eq!(told.faulty_fields(), ["secret"]);
    let weak = json!({"secret": "whsec_c2hvcnQ="});
    let told = tenant.caller.post(&format!("{path}/rotate-secret"), &weak).await.expect(422);
    assert_eq!(told.faulty_fields(), ["secret"]);
    let odd = tenant.caller.get(&format!("{path}/logs?status=odd&cursor=x")).await.expect(422);
    assert_eq!(odd.faulty_fields(), ["status", "cursor"]);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_has_twenty_at_most(db: PgPool) {
    let app = App::start(&db).await;
    let tenant = app.tenant("acme.com").await;
    for _ in 0..20 {
        webhook(&tenant, "https://example.com", &["*"]).await;
    }
    let one_more = json!({"url": "https://example.com", "events": ["*"]});
    let refused = tenant.caller.post("/v1/webhooks", &one_more).await.expect(409);
    assert_eq!(refused.code(), "too_many_webhooks");
    app.stop().await;
}
