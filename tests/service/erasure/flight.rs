//! A mail that is on its way while its tenant is erased ends properly, and brings nothing back.

use serde_json::json;
use sqlx::PgPool;

use super::rows_with;
use crate::app::{App, until};
use crate::support::relay::{Act, Step, TestRelay};

#[sqlx::test]
async fn what_is_on_its_way_ends_with_its_outcome_and_names_nobody(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    relay.refuse("refused.unmistakable@example.org", "550 <refused.unmistakable@example.org> no");
    relay.on(Step::End, Act::TakeAndWait);
    let acme = app.tenant("acme.com").await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&acme.path(""), &json!({"smtp": smtp})).await.expect(200);
    let to = ["zora.unmistakable@example.org", "refused.unmistakable@example.org"];
    let email = acme.sends(&acme.hello_with(&json!({"to": to}))).await;
    until("the relay has it", async || relay.mails().len() == 1).await;

    app.admin().delete(&acme.path("?erase=true")).await.expect(200);
    relay.go_on();
    app.settle().await;
    let path = acme.path(&format!("/emails/{email}"));
    let shown = app.admin().get(&path).await.expect(200);
    let recipients = shown.body["recipients"].as_array().unwrap();
    let told: Vec<_> = recipients.iter().map(|r| (&r["status"], &r["address"])).collect();
    assert_eq!(
        told,
        [(&json!("delivered"), &json!("[erased]")), (&json!("bounced"), &json!("[erased]"))]
    );
    assert_eq!(shown.text_at("/status"), "bounced");
    assert_eq!(rows_with(&app.pool, &["unmistakable"]).await, []);
    app.stop().await;
}
