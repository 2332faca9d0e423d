//! Notices go after thirty days, and nothing that happens later brings them back.

use selfmx::clock::Clock;
use selfmx::database::root_key;
use selfmx::events::store::read::Reader;
use selfmx::projections::rebuild::{Progress, Rebuild};
use selfmx::projections::verify::verify;
use selfmx::projections::webhook_deliveries::prune;
use selfmx::projections::{self, ReadModel};
use selfmx::values::{Secret, WrappingKey};
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::{App, SECRET};
use crate::support::receiver::Receiver;

const DAY: u64 = 86_400;

/// One node answers callers, another does the work and can be stopped.
const SERVES: [(&str, &str); 1] = [("ROLES", "api")];
const WORKS: [(&str, &str); 1] = [("ROLES", "projector,delivery,webhooks")];

async fn reader(pool: &PgPool) -> Reader {
    let wrapping = WrappingKey::new(&Secret::new(SECRET)).unwrap();
    Reader::new(pool.clone(), root_key::open(pool, &wrapping).await.unwrap())
}

fn model() -> Vec<ReadModel> {
    projections::all().into_iter().filter(|model| model.name() == "webhook_deliveries").collect()
}

async fn rebuild(pool: &PgPool, clock: &Clock, tell: &(dyn Fn(Progress) + Send + Sync)) {
    Rebuild { log: &reader(pool).await, clock, tell }.run(&model()).await.unwrap();
}

/// Live rows are what the log says; so many were looked at.
async fn verified(pool: &PgPool) -> i64 {
    let verdicts = verify(&reader(pool).await, &model(), None, &|_, _| {}).await.unwrap();
    let [verdict] = verdicts.as_slice() else { panic!("one model, {verdicts:?}") };
    assert!(verdict.findings.is_empty() && verdict.unchecked.is_none(), "{verdict:?}");
    verdict.looked_at
}

async fn rows(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from webhook_deliveries").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn they_are_gone_after_thirty_days_and_a_rebuild_tells_nobody_again(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    tenant.sends(&tenant.hello()).await;
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(receiver.wait_for(2).await.len(), 2);
    let gone = log(&tenant, &id).await[1]["id"].as_str().unwrap().to_owned();
    app.advance(DAY);
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    // The last moment of the thirtieth whole day after the first two.
    app.advance(30 * DAY - 37_801);
    assert_eq!(prune(&app.pool, app.clock.now()).await.unwrap(), 0);
    app.advance(37_801);
    assert_eq!(prune(&app.pool, app.clock.now()).await.unwrap(), 2);
    assert_eq!(prune(&app.pool, app.clock.now()).await.unwrap(), 0);
    let page = tenant.caller.get(&format!("/v1/webhooks/{id}/logs?limit=1")).await.expect(200);
    assert_eq!(page.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(page.body["pagination"]["total"], 1, "{}", page.body);
    tenant.caller.get(&format!("/v1/webhooks/{id}/logs?cursor={gone}")).await.expect(200);
    let again = format!("/v1/webhooks/{id}/logs/{gone}/retry");
    tenant.caller.post_nothing(&again).await.expect(404);
    let (told, before) = (receiver.told().len(), log(&tenant, &id).await);
    rebuild(&app.pool, &app.clock, &|_| {}).await;
    app.settle().await;
    assert_eq!((rows(&app.pool).await, receiver.told().len()), (1, told));
    assert_eq!(log(&tenant, &id).await, before);
    // One subscription and one notice.
    assert_eq!(verified(&app.pool).await, 2);
    app.stop().await;
}

#[sqlx::test]
async fn what_goes_while_a_rebuild_runs_is_not_swapped_in_again(db: PgPool) {
    let (app, receiver) = (App::with(&db, &SERVES).await, Receiver::start().await);
    let works = App::beside(&db, &app.clock, &WORKS).await;
    let tenant = app.tenant("acme.com").await;
    hooked(&tenant, &receiver, &["queued"]).await;
    // One that is still to be told goes as well.
    receiver.answers(500, "no");
    tenant.sends(&tenant.hello()).await;
    works.settle().await;
    assert_eq!(receiver.wait_for(1).await.len(), 1);
    works.stop().await;
    app.advance(32 * DAY);
    let (options, now) = ((*db.connect_options()).clone(), app.clock.now());
    let pruned = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = PgPool::connect_with(options).await.unwrap();
            assert_eq!(prune(&pool, now).await.unwrap(), 1);
            pool.close().await;
        });
    };
    // When all is grown and nothing is swapped.
    rebuild(&app.pool, &app.clock, &|progress| {
        if matches!(progress, Progress::Completes(_)) {
            std::thread::spawn(pruned.clone()).join().unwrap();
        }
    })
    .await;
    assert_eq!(rows(&app.pool).await, 0);
    let works = App::beside(&db, &app.clock, &WORKS).await;
    works.settle().await;
    assert_eq!(receiver.told().len(), 1);
    works.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn a_follower_that_is_late_makes_none_from_before_the_horizon(db: PgPool) {
    let (app, receiver) = (App::with(&db, &SERVES).await, Receiver::start().await);
    let works = App::beside(&db, &app.clock, &WORKS).await;
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["queued"]).await;
    works.settle().await;
    works.stop().await;
    tenant.sends(&tenant.hello()).await;
    app.advance(32 * DAY);
    prune(&app.pool, app.clock.now()).await.unwrap();
    let late = tenant.sends(&tenant.hello()).await;
    let works = App::beside(&db, &app.clock, &WORKS).await;
    works.settle().await;
    assert_eq!(receiver.wait_for(1).await.len(), 1);
    let log = log(&tenant, &id).await;
    assert_eq!((log.len(), &log[0]["email_id"]), (1, &serde_json::json!(late)));
    assert_eq!(verified(&app.pool).await, 2);
    works.stop().await;
    app.stop().await;
}

#[sqlx::test]
async fn rows_that_are_about_to_go_are_no_difference(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    hooked(&tenant, &receiver, &["queued"]).await;
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(verified(&app.pool).await, 2);
    app.advance(32 * DAY);
    // Somebody is just at the row, so it is left for the next time.
    let mut held = app.pool.begin().await.unwrap();
    sqlx::raw_sql("select from webhook_deliveries for update").execute(&mut *held).await.unwrap();
    assert_eq!(prune(&app.pool, app.clock.now()).await.unwrap(), 0);
    assert_eq!((rows(&app.pool).await, verified(&app.pool).await), (1, 1));
    held.rollback().await.unwrap();
    assert_eq!(prune(&app.pool, app.clock.now()).await.unwrap(), 1);
    assert_eq!((rows(&app.pool).await, verified(&app.pool).await), (0, 1));
    app.stop().await;
}
