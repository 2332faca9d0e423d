//! Receivers repeat what they are told: what they answered goes with the contents of the mail.

use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::App;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn answers_about_a_mail_go_with_its_contents_and_later_ones_are_not_kept(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(500, "no room for Hello");
    let mut emails = Vec::new();
    for _ in 0..2 {
        emails.push(tenant.sends(&tenant.hello()).await);
        app.settle().await;
    }
    let path = format!("/v1/emails/{}/content", emails[0]);
    tenant.caller.delete(&path).await.expect(200);
    app.settle().await;
    let answers = async || {
        let of = |entry: &serde_json::Value| {
            (entry["response_body"].clone(), entry["error"].is_string())
        };
        log(&tenant, &id).await.iter().map(of).collect::<Vec<_>>()
    };
    let kept = (json!("no room for Hello"), true);
    assert_eq!(answers().await, [kept.clone(), (json!(null), false)]);
    app.advance(60);
    app.settle().await;
    assert_eq!(receiver.wait_for(4).await.len(), 4);
    assert_eq!(answers().await, [kept, (json!(null), true)]);
    app.stop().await;
}
