//! A webhook at which nothing arrives for five days is told nothing any more, until somebody wants it to be.

use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log, shown};
use crate::app::{App, until};
use crate::support::receiver::Receiver;

const DAY: u64 = 24 * 60 * 60;

#[sqlx::test]
async fn after_five_days_of_nothing_but_failures_it_is_disabled(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(500, "no");
    for _ in 0..5 {
        tenant.sends(&tenant.hello()).await;
        app.settle().await;
        app.advance(DAY - 1);
    }
    let still = shown(&tenant, &id).await;
    assert_eq!(still.body["active"], true);
    assert_eq!(still.text_at("/failing_since"), crate::app::BEGIN);
    app.advance(5);
    tenant.sends(&tenant.hello()).await;
    until("it is disabled", async || shown(&tenant, &id).await.body["active"] == false).await;
    let disabled = shown(&tenant, &id).await;
    assert_eq!(disabled.text_at("/disabled_at"), "2024-01-20T10:30:00Z");
    let history = tenant.caller.get("/v1/tenant/events?type=webhook.disabled").await.expect(200);
    assert_eq!(history.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(history.text_at("/data/0/data/failing_since"), crate::app::BEGIN);
    // It is told nothing, until somebody wants it to be; then it has its five days again.
    let told = receiver.told().len();
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(receiver.told().len(), told);
    let path = format!("/v1/webhooks/{id}");
    let again = tenant.caller.patch(&path, &json!({"active": true})).await.expect(200);
    assert_eq!((&again.body["active"], again.body.get("disabled_at")), (&json!(true), None));
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(shown(&tenant, &id).await.text_at("/failing_since"), "2024-01-20T10:30:00Z");
    app.stop().await;
}

#[sqlx::test]
async fn one_that_hears_something_in_between_is_not(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    for day in 0..8 {
        receiver.answers(if day == 4 { 204 } else { 500 }, "");
        tenant.sends(&tenant.hello()).await;
        app.settle().await;
        app.advance(DAY - 3_600);
        receiver.answers(500, "");
        app.settle().await;
    }
    let webhook = shown(&tenant, &id).await;
    assert_eq!(webhook.body["active"], true, "{webhook:?}");
    app.stop().await;
}

#[sqlx::test]
async fn another_address_begins_anew(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(500, "no");
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(shown(&tenant, &id).await.text_at("/failing_since"), crate::app::BEGIN);
    let path = format!("/v1/webhooks/{id}");
    let elsewhere = format!("{}/elsewhere", receiver.url());
    for (url, failing) in [(receiver.url(), Some(&json!(crate::app::BEGIN))), (elsewhere, None)] {
        tenant.caller.patch(&path, &json!({"url": url})).await.expect(200);
        assert_eq!(shown(&tenant, &id).await.body.get("failing_since"), failing);
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_fault_of_ours_is_given_up_and_not_held_against_it(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    let unreadable = "update webhooks set secret = 'not sealed'";
    sqlx::raw_sql(unreadable).execute(&app.pool).await.unwrap();
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    let log = log(&tenant, &id).await;
    assert_eq!((&log[0]["status"], &log[0]["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(log[0]["error"], "the secret cannot be opened");
    assert_eq!(shown(&tenant, &id).await.body.get("failing_since"), None);
    app.stop().await;
}
