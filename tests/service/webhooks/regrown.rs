//! What is grown again takes over what was done: nobody is told anything twice because of it.

use selfmx::database::root_key;
use selfmx::events::store::read::Reader;
use selfmx::projections::rebuild::Rebuild;
use selfmx::projections::{self, ReadModel};
use selfmx::values::{Secret, WrappingKey};
use serde_json::json;
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::{App, SECRET};
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn nobody_is_told_again_and_the_logs_are_what_they_were(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let id = hooked(&tenant, &receiver, &["*"]).await;
    for _ in 0..3 {
        tenant.sends(&tenant.hello()).await;
    }
    app.settle().await;
    receiver.answers(500, "no");
    tenant.sends(&tenant.hello()).await;
    app.settle().await;
    assert_eq!(receiver.wait_for(12).await.len(), 12);
    let before = log(&tenant, &id).await;
    let models: Vec<ReadModel> = projections::all()
        .into_iter()
        .filter(|model| model.name().starts_with("webhook"))
        .collect();
    assert_eq!(models.len(), 2);
    let wrapping = WrappingKey::new(&Secret::new(SECRET)).unwrap();
    let root = root_key::open(&app.pool, &wrapping).await.unwrap();
    let reader = Reader::new(app.pool.clone(), root);
    Rebuild { log: &reader, clock: &app.clock, tell: &|_| {} }.run(&models).await.unwrap();
    app.settle().await;
    assert_eq!((log(&tenant, &id).await, receiver.told().len()), (before, 12));
    // What waited is still due.
    receiver.answers(200, "yes");
    app.advance(60);
    app.settle().await;
    assert_eq!(receiver.wait_for(15).await.len(), 15);
    assert!(log(&tenant, &id).await.iter().all(|entry| entry["status"] == json!("delivered")));
    app.stop().await;
}
