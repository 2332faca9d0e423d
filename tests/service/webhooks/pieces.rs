//! A piece of the log that makes more notices than are held at once.

use selfmx::events::{Fact, Recorded, TenantEvent, WebhookEvent};
use selfmx::projections::Projector as _;
use selfmx::projections::webhook_deliveries::WebhookDeliveries;
use selfmx::values::Conduct;
use sqlx::PgPool;

use super::{hooked, log};
use crate::app::App;
use crate::support::receiver::Receiver;

#[sqlx::test]
async fn all_are_added_but_those_of_a_webhook_that_the_same_piece_deletes(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    let gone = hooked(&tenant, &receiver, &["*"]).await;
    let kept = hooked(&tenant, &receiver, &["*"]).await;
    app.settle().await;
    assert!(log(&tenant, &kept).await.is_empty());
    let id = tenant.id.parse().unwrap();
    let conduct = Conduct { recipients: 1, bounced: 1, complained: 0 };
    let warned = Fact::Tenant(id, TenantEvent::ReputationWarned { conduct });
    let deleted = Fact::Webhook(id, gone.parse().unwrap(), WebhookEvent::Deleted);
    let at = app.clock.now();
    let one = |position| Recorded { position, ..Recorded::imagined(warned.clone(), at) };
    let mut piece: Vec<Recorded> = (1..=3_000).map(one).collect();
    piece.push(Recorded::imagined(deleted, at));
    // It is not kept: nobody is to be told of it.
    let mut db = app.pool.begin().await.unwrap();
    WebhookDeliveries.apply(&mut db, &piece).await.unwrap();
    for (webhook, rows) in [(&gone, 0), (&kept, 3_000)] {
        let count = "select count(*) from webhook_deliveries where webhook_id = $1";
        let count = sqlx::query_scalar::<_, i64>(count).bind(webhook).fetch_one(&mut *db);
        assert_eq!(count.await.unwrap(), rows);
    }
    db.rollback().await.unwrap();
    app.stop().await;
}
