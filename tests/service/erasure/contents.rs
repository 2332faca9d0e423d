//! What mails said is forgotten, by wish or after a time; that they were sent is not.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use crate::app::{App, Tenant};

async fn kept(app: &App) -> i64 {
    let count = "select count(*) from email_contents";
    sqlx::query_scalar(count).fetch_one(&app.pool).await.unwrap()
}

async fn text(tenant: &Tenant, email: &str) -> Option<String> {
    let shown = tenant.email(email).await;
    shown.body.get("text").and_then(|text| Some(text.as_str()?.to_owned()))
}

#[sqlx::test]
async fn who_shares_contents_keeps_them_until_the_last_gives_them_up(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let (one, two) = (acme.sends(&acme.hello()).await, acme.sends(&acme.hello()).await);
    let path = |email: &str| format!("/v1/emails/{email}/content");
    app.settle().await;
    let gone = acme.caller.delete(&path(&one)).await.expect(200);
    assert_eq!(gone.body, json!({"id": one, "content_removed": true}));
    acme.caller.delete(&path(&one)).await.expect(200);
    assert_eq!((text(&acme, &one).await, text(&acme, &two).await.is_some()), (None, true));
    assert_eq!(kept(&app).await, 1);
    app.admin().delete(&acme.path(&format!("/emails/{two}/content"))).await.expect(200);
    assert_eq!((text(&acme, &two).await, kept(&app).await), (None, 0));
    let shown = acme.email(&two).await;
    assert_eq!(shown.text_at("/status"), "delivered");
    assert_eq!(shown.text_at("/timeline/3/type"), "content_removed");
    app.stop().await;
}

#[sqlx::test]
async fn contents_of_the_first_version_are_counted_when_one_gives_them_up(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let (one, two) = (acme.sends(&acme.hello()).await, acme.sends(&acme.hello()).await);
    app.settle().await;
    sqlx::raw_sql("update email_contents set uses = null").execute(&app.pool).await.unwrap();
    acme.caller.delete(&format!("/v1/emails/{one}/content")).await.expect(200);
    assert_eq!((text(&acme, &two).await.is_some(), kept(&app).await), (true, 1));
    acme.caller.delete(&format!("/v1/emails/{two}/content")).await.expect(200);
    assert_eq!(kept(&app).await, 0);
    app.stop().await;
}

#[sqlx::test]
async fn what_still_waits_is_not_removed_and_leaves_whole(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let later = json!({"scheduled_at": "2024-02-10T00:00:00Z", "text": "For later"});
    let waiting = acme.sends(&acme.hello_with(&later)).await;
    let sent = acme.sends(&acme.hello()).await;
    let refused = acme.caller.delete(&format!("/v1/emails/{waiting}/content")).await.expect(409);
    assert_eq!(refused.code(), "not_ended");
    app.settle().await;
    app.advance(20 * 86_400);
    app.forget_contents(Duration::from_secs(30 * 86_400)).await;
    assert!(text(&acme, &sent).await.is_some(), "it is not old enough");
    app.forget_contents(Duration::from_secs(10 * 86_400)).await;
    assert_eq!(text(&acme, &sent).await, None);
    assert_eq!(text(&acme, &waiting).await.as_deref(), Some("For later"));
    app.advance(10 * 86_400);
    app.settle().await;
    assert_eq!(acme.email(&waiting).await.text_at("/status"), "delivered");
    app.forget_contents(Duration::from_secs(10 * 86_400)).await;
    assert_eq!((text(&acme, &waiting).await, kept(&app).await), (None, 0));
    app.stop().await;
}

#[sqlx::test]
async fn contents_that_are_used_anew_are_as_young_as_their_last_mail(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.sends(&acme.hello()).await;
    app.advance(20 * 86_400);
    let again = acme.sends(&acme.hello()).await;
    app.settle().await;
    app.forget_contents(Duration::from_secs(10 * 86_400)).await;
    assert!(text(&acme, &again).await.is_some());
    app.stop().await;
}
