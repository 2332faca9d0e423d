//! What a sender is told when something is wrong on our side.

use serde_json::json;
use sqlx::PgPool;

use super::becomes;
use crate::app::{App, until};

#[sqlx::test]
async fn a_fault_of_ours_is_told_without_the_insides_of_the_service(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let at = json!({"scheduled_at": "2024-01-15T10:40:00Z"});
    let email = acme.sends(&acme.hello_with(&at)).await;
    let unreadable = sqlx::raw_sql(
        "alter table email_contents rename to away;
         create view email_contents as
             select * from away where 1 / (length(digest) - length(digest)) = 1",
    );
    unreadable.execute(&app.pool).await.unwrap();
    app.advance(600);
    until("it was tried", async || {
        let listed = acme.caller.get("/v1/emails").await.expect(200);
        listed.body["data"][0]["last_error"].is_string()
    })
    .await;
    let back = sqlx::raw_sql("drop view email_contents; alter table away rename to email_contents");
    back.execute(&app.pool).await.unwrap();
    let shown = acme.email(&email).await;
    let said = shown.text_at("/last_error");
    assert!(!said.contains("email_contents") && !said.contains("database"), "{said}");
    app.advance(60);
    becomes(&acme, &email, "delivered").await;
    app.stop().await;
}
