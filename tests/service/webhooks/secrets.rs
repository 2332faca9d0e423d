//! A webhook's secret stands nowhere in clear but in the answer that gives it.

use serde_json::json;
use sqlx::PgPool;

use super::hooked;
use crate::app::App;
use crate::secrets::all_rows;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn it_stands_in_no_table_no_history_and_no_later_answer(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let (first, second) = ("the-first-secret-of-all", "the-second-secret-of-all");
    let asked = json!({"url": receiver.url(), "events": ["*"], "secret": first});
    let made = tenant.caller.post_once("once", "/v1/webhooks", &asked).await.expect(201);
    assert_eq!(made.text_at("/secret"), first);
    let id = made.text_at("/id");
    let rotate = format!("/v1/webhooks/{id}/rotate-secret");
    let rotated = tenant.caller.post(&rotate, &json!({"secret": second})).await.expect(200);
    assert_eq!(rotated.text_at("/secret"), second);
    let made_up = hooked(&tenant, &receiver, &["*"]).await;
    tenant.caller.post_nothing(&format!("/v1/webhooks/{made_up}/rotate-secret")).await.expect(200);
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    let mut texts: Vec<String> =
        all_rows(&app.pool).await.into_iter().map(|(_, row)| row).collect();
    for path in ["/v1/webhooks", &format!("/v1/webhooks/{id}"), "/v1/tenant/events"] {
        texts.push(tenant.caller.get(path).await.expect(200).text);
    }
    for text in &texts {
        assert!(!text.contains(first) && !text.contains(second), "{text}");
        assert!(!text.contains("whsec_"), "{text}");
    }
    app.stop().await;
}
