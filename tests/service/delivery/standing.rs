//! What a tenant's standing means for its mail: active, suspended, deleted.

use serde_json::json;
use sqlx::PgPool;

use super::{becomes, kinds, tenant_by};
use crate::app::{App, until};
use crate::support::relay::TestRelay;

#[sqlx::test]
async fn a_suspended_tenant_reads_but_does_not_send_and_goes_on_when_resumed(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let zeta = tenant_by(&app, "zeta.com", &relay).await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z"});
    let email = acme.sends(&acme.hello_with(&at)).await;
    let shown = app.admin().post_nothing(&acme.path("/suspend")).await.expect(200);
    assert_eq!(shown.text_at("/status"), "suspended");
    let refused = acme.caller.post("/v1/send", &acme.hello()).await.expect(403);
    assert_eq!(refused.code(), "tenant_suspended");
    let asked = app.admin().post(&acme.path("/send"), &acme.hello()).await.expect(403);
    assert_eq!(asked.code(), "tenant_suspended");
    app.advance(700);
    // Mail of another leaves meanwhile: the delivery has looked.
    let other = zeta.sends(&zeta.hello()).await;
    becomes(&zeta, &other, "delivered").await;
    assert_eq!(acme.email(&email).await.text_at("/status"), "queued");
    acme.caller.get("/v1/emails").await.expect(200);
    acme.caller.get("/v1/usage").await.expect(200);
    app.admin().post_nothing(&acme.path("/resume")).await.expect(200);
    let shown = becomes(&acme, &email, "delivered").await;
    assert_eq!(kinds(&shown), ["queued", "sending", "delivered"]);
    app.stop().await;
}

#[sqlx::test]
async fn a_deleted_tenants_keys_stop_its_mail_is_withdrawn_and_its_history_stays(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let sent = acme.sends(&acme.hello()).await;
    becomes(&acme, &sent, "delivered").await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z"});
    let waiting = acme.sends(&acme.hello_with(&at)).await;
    let deleted = app.admin().delete(&acme.path("")).await.expect(200);
    assert_eq!(deleted.body, json!({"id": acme.id, "deleted": true}));
    acme.caller.get("/v1/emails").await.expect(401);
    let admin = app.admin();
    let path = acme.path(&format!("/emails/{waiting}"));
    until("it is withdrawn", async || admin.get(&path).await.text_at("/status") == "cancelled")
        .await;
    app.advance(3_600);
    app.settle().await;
    assert_eq!(relay.mails().len(), 1);
    let history = admin.get(&acme.path("/emails")).await.expect(200);
    assert_eq!(history.number_at("/pagination/total"), 2);
    let usage = admin.get(&acme.path("/usage")).await.expect(200);
    assert_eq!((usage.number_at("/emails_sent"), usage.number_at("/emails_cancelled")), (2, 1));
    admin.get(&acme.path("")).await.expect(404);
    admin.post(&acme.path("/send"), &acme.hello()).await.expect(404);
    let heir = tenant_by(&app, "acme.com", &relay).await;
    let email = heir.sends(&heir.hello()).await;
    becomes(&heir, &email, "delivered").await;
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_deleted_while_suspended_has_its_mail_withdrawn_too(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z"});
    let waiting = acme.sends(&acme.hello_with(&at)).await;
    let admin = app.admin();
    admin.post_nothing(&acme.path("/suspend")).await.expect(200);
    admin.delete(&acme.path("")).await.expect(200);
    let path = acme.path(&format!("/emails/{waiting}"));
    until("it is withdrawn", async || admin.get(&path).await.text_at("/status") == "cancelled")
        .await;
    app.stop().await;
}
