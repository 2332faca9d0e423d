//! What this version of the service cannot read is not given up: a newer one, or an operator, can.

use sqlx::PgPool;

use super::hooked;
use crate::app::{App, until};
use crate::support::receiver::Receiver;

/// A newer node goes on with the life of an email in words that this one does not know.
async fn goes_on_in_new_words(db: &PgPool, email: &str) {
    let done: i64 = sqlx::query_scalar(
        "with head as (update log_head set position = position + 1 returning position),
              fact as (insert into events
                  select h.position, e.tenant_id, e.stream_id, 99, gen_random_uuid(), e.type, 99::smallint,
                         '{}'::json, e.metadata, e.recorded_at
                  from events e, head h where e.stream_id = $1 and e.version = 1 returning 1)
         select count(*) from fact",
    )
    .bind(email)
    .fetch_one(db)
    .await
    .unwrap();
    assert_eq!(done, 1);
}

#[sqlx::test]
async fn a_notice_whose_facts_cannot_be_read_yet_waits(db: PgPool) {
    let (app, receiver) = (App::start(&db).await, Receiver::start().await);
    let tenant = app.tenant("acme.com").await;
    hooked(&tenant, &receiver, &["queued"]).await;
    receiver.answers(500, "not now");
    let email = tenant.sends(&tenant.hello()).await;
    app.settle().await;
    goes_on_in_new_words(&app.pool, &email).await;
    app.advance(60);
    until("it was tried again", async || {
        let tried =
            "select attempts = 2 and status = 'pending' and error like '%cannot be read yet'
                     from webhook_deliveries";
        sqlx::query_scalar::<_, Option<bool>>(tried).fetch_one(&app.pool).await.unwrap()
            == Some(true)
    })
    .await;
    app.stop().await;
}
