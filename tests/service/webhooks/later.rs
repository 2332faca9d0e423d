//! What webhooks are told of a mail after it left, and of the tenant that sends too much of the wrong sort.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{hooked, log, of_kind};
use crate::app::{App, Tenant};
use crate::support::receiver::Receiver;
use crate::support::relay::TestRelay;

async fn tenant_by(app: &App, relay: &TestRelay, settings: &Value) -> Tenant {
    let tenant = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    let change = json!({"smtp": smtp, "settings": settings});
    app.admin().patch(&tenant.path(""), &change).await.expect(200);
    tenant
}

#[sqlx::test]
async fn a_recipient_who_is_suppressed_is_told_of_with_the_reason(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let relay = TestRelay::start().await;
    let acme = tenant_by(&app, &relay, &json!({})).await;
    hooked(&acme, &receiver, &["suppressed"]).await;
    let unwanted = json!({"address": "ann@example.org"});
    acme.caller.post("/v1/suppressions", &unwanted).await.expect(201);
    let email = acme.sends(&acme.hello_with(&json!({"to": "ann@example.org"}))).await;
    app.settle().await;
    let told = receiver.wait_for(1).await;
    let data = &told[0].body["data"];
    assert_eq!(
        (&data["email_id"], &data["to"], &data["suppression_reason"]),
        (&json!(email), &json!("ann@example.org"), &json!("manual"))
    );
    app.stop().await;
}

#[sqlx::test]
async fn whoever_opened_a_mail_is_named_if_it_went_to_one_alone(db: PgPool) {
    let app = App::with(&db, &[("PUBLIC_URL", "https://mail.example.com")]).await;
    let receiver = Receiver::start().await;
    let acme = app.tenant("acme.com").await;
    hooked(&acme, &receiver, &["opened", "clicked"]).await;
    for to in [json!(["ann@example.org"]), json!(["ann@example.org", "bob@example.org"])] {
        let mut email = acme.hello_with(&json!({"to": to, "tracking": {"opens": true}}));
        email["html"] = "<body>Hi</body>".into();
        acme.sends(&email).await;
        app.settle().await;
        let id = app.outbox().await[0]["id"].clone();
        let html = app.admin().get(&format!("/dev/outbox/{id}")).await.expect(200).text_at("/html");
        let at = html.find("/t/o/").unwrap();
        let pixel = html[at..].split('"').next().unwrap();
        let fetched = reqwest::get(format!("{}{pixel}", app.url)).await.unwrap();
        assert_eq!(fetched.status(), 200);
        app.settle().await;
    }
    let told = receiver.wait_for(2).await;
    let told = of_kind(&told, "opened");
    assert_eq!(told[0].body["data"]["to"], "ann@example.org");
    assert_eq!(told[1].body["data"]["to"], Value::Null);
    app.stop().await;
}

#[sqlx::test]
async fn a_tenant_that_is_warned_and_paused_is_told_so(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let relay = TestRelay::start().await;
    let guard = json!({"warn_bounce_rate": 0.2, "suspend_bounce_rate": 0.5, "window_hours": 24,
                       "min_recipients": 2});
    let acme = tenant_by(&app, &relay, &json!({"reputation": guard})).await;
    let id = hooked(&acme, &receiver, &["reputation_warned", "sending_paused"]).await;
    relay.refuse("bob@example.org", "550 5.7.1 not wanted");
    let to = json!({"to": ["ann@example.org", "bob@example.org"]});
    acme.sends(&acme.hello_with(&to)).await;
    let told = receiver.wait_for(1).await;
    let paused = of_kind(&told, "sending_paused");
    assert_eq!(
        paused[0].body["data"],
        json!({"tenant_id": acme.id,
               "conduct": {"recipients": 2, "bounced": 1, "complained": 0}})
    );
    app.settle().await;
    assert!(log(&acme, &id).await.iter().all(|entry| entry["email_id"] == Value::Null));
    app.stop().await;
}
