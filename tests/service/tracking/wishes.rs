//! Who decides whether a mail is tracked: its sender, else its tenant, and nobody without `PUBLIC_URL`.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{all, html, left, reachable};
use crate::app::App;

const LINK: &str = "/t/c/";
const PIXEL: &str = "/t/o/";

#[sqlx::test]
async fn a_mails_own_wish_goes_before_its_tenants(db: PgPool) {
    let app = reachable(&db).await;
    let acme = app.tenant("acme.com").await;
    let sent = async |fields: &Value| {
        acme.sends(&html(&acme, fields)).await;
        let html = left(&app).await;
        (html.contains(PIXEL), html.contains(LINK))
    };
    assert_eq!(sent(&json!({})).await, (false, false));
    assert_eq!(sent(&json!({"tracking": {"opens": true}})).await, (true, false));
    let settings = json!({"settings": {"tracking": {"opens": true, "clicks": true}}});
    app.admin().patch(&acme.path(""), &settings).await.expect(200);
    assert_eq!(sent(&json!({})).await, (true, true));
    assert_eq!(sent(&json!({"tracking": {"opens": false}})).await, (false, true));
    let none = json!({"tracking": {"opens": false, "clicks": false}});
    assert_eq!(sent(&none).await, (false, false));
    app.stop().await;
}

#[sqlx::test]
async fn without_an_address_of_ours_nothing_is_tracked(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let settings = json!({"settings": {"tracking": {"opens": true, "clicks": true}}});
    app.admin().patch(&acme.path(""), &settings).await.expect(200);
    acme.sends(&html(&acme, &json!({}))).await;
    let html_left = left(&app).await;
    assert!(!html_left.contains("/t/"), "{html_left}");
    let asked = html(&acme, &all());
    let refused = acme.caller.post("/v1/send", &asked).await.expect(422);
    assert_eq!(refused.faulty_fields(), ["tracking.opens", "tracking.clicks"]);
    let batch = acme.caller.post("/v1/send/batch", &json!({"messages": [asked]})).await.expect(202);
    assert_eq!(batch.number_at("/refused"), 1);
    app.stop().await;
}
