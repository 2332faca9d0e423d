//! A receiver that does not take a notice is told again, then not any more, and once more if somebody asks.

use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::App;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn it_is_tried_again_after_one_five_and_thirty_minutes_and_then_shown_as_failed(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(503, &"not now ".repeat(1_000));
    tenant.sends(&tenant.hello()).await;
    let mut next = Vec::new();
    for (tries, minutes) in [(1, 1), (2, 5), (3, 30), (4, 600)] {
        app.settle().await;
        assert_eq!(receiver.wait_for(tries).await.len(), tries);
        let log = log(&tenant, &id).await;
        assert_eq!(log[0]["attempts"], tries);
        next.push(log[0]["next_attempt_at"].clone());
        // A moment before it is due, it is not told.
        app.advance(minutes * 60 - 1);
        app.settle().await;
        assert_eq!(receiver.told().len(), tries);
        app.advance(1);
    }
    let times = ["2024-01-15T10:31:00Z", "2024-01-15T10:36:00Z", "2024-01-15T11:06:00Z"];
    assert_eq!(next, [json!(times[0]), json!(times[1]), json!(times[2]), json!(null)]);
    let told = receiver.told();
    let (ids, texts): (Vec<_>, Vec<_>) =
        told.iter().map(|t| (t.header("webhook-id"), &t.text)).unzip();
    assert!(ids.iter().all(|id| *id == ids[0]) && texts.iter().all(|text| *text == texts[0]));
    // Of this try, so that nobody can play an old one again.
    assert_ne!(told[0].header("webhook-timestamp"), told[3].header("webhook-timestamp"));
    let failed = tenant.caller.get(&format!("/v1/webhooks/{id}/logs?status=failed")).await;
    let entry = &failed.expect(200).body["data"][0];
    assert_eq!((&entry["status"], &entry["response_status"]), (&json!("failed"), &json!(503)));
    assert_eq!(entry["response_body"].as_str().unwrap().len(), 1_024);
    assert!(entry["error"].as_str().unwrap().contains("503"));
    app.stop().await;
}

#[sqlx::test]
async fn whoever_asks_has_it_told_at_once_under_the_same_id(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(500, "no");
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    receiver.answers(200, "yes");
    let delivery = log(&tenant, &id).await[0]["id"].as_str().unwrap().to_owned();
    let again = format!("/v1/webhooks/{id}/logs/{delivery}/retry");
    for tries in [2, 3] {
        // Also one that has arrived.
        tenant.caller.post_nothing(&again).await.expect(200);
        app.settle().await;
        let told = receiver.wait_for(tries).await;
        assert!(told.iter().all(|told| told.body["id"] == delivery));
        let log = log(&tenant, &id).await;
        assert_eq!((&log[0]["status"], &log[0]["attempts"]), (&json!("delivered"), &json!(tries)));
    }
    tenant.caller.patch(&format!("/v1/webhooks/{id}"), &json!({"active": false})).await.expect(200);
    let refused = tenant.caller.post_nothing(&again).await.expect(409);
    assert_eq!(refused.code(), "not_active");
    app.stop().await;
}

#[sqlx::test]
async fn a_receiver_that_never_answers_is_given_its_time_and_no_more(db: PgPool) {
    let settings = [("WEBHOOK_TIMEOUT", "1")];
    let (app, receiver) = (App::with(&db, &settings).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    receiver.hangs();
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    let log = log(&tenant, &id).await;
    assert_eq!((&log[0]["status"], &log[0]["attempts"]), (&json!("pending"), &json!(1)));
    assert_eq!(log[0]["error"], "no answer within 1 seconds");
    app.stop().await;
}

#[sqlx::test]
async fn a_notice_that_was_on_its_way_when_a_node_died_is_told_by_another(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    let path = format!("/v1/webhooks/{id}");
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    // As a node leaves it that is killed.
    let killed = "update webhook_deliveries set status = 'pending', lease = gen_random_uuid(),
                                                leased_until = '2024-01-15T10:31:00Z'";
    sqlx::raw_sql(killed).execute(&app.pool).await.unwrap();
    // What is another's is not told by us.
    tenant.caller.get(&path).await.expect(200);
    app.advance(59);
    tenant.sends(&tenant.hello()).await;
    receiver.wait_for(2).await;
    app.advance(1);
    app.settle().await;
    let told = receiver.wait_for(3).await;
    assert_eq!((told.len(), told[2].header("webhook-id")), (3, told[0].header("webhook-id")));
    app.stop().await;
}
