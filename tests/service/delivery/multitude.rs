//! However much mail others have, one mail leaves within a few claims.

use std::str::FromStr as _;

use selfmx::values::{EmailId, Timestamp};
use sqlx::PgPool;

use super::tenant_by;
use crate::app::{App, BEGIN, Tenant};
use crate::support::relay::{Act, Step, TestRelay};

/// A mail that is due leaves within so many claims for each tenant with due mail.
const CLAIMS: usize = 2;

/// Lets so many more mails wait that are like one of the tenant's own, as if each had been accepted. What is
/// personal in a fact is sealed for its id, so the copies have the same.
async fn multiply(app: &App, tenant: &Tenant, count: usize) {
    let template = tenant.sends(&tenant.hello()).await;
    let now = Timestamp::from_str(BEGIN).unwrap();
    let ids: Vec<String> = (0..count).map(|_| EmailId::at(now).to_string()).collect();
    let mut turn = app.pool.begin().await.unwrap();
    let head: i64 = sqlx::query_scalar("select position from log_head for update")
        .fetch_one(&mut *turn)
        .await
        .unwrap();
    let facts = "with done as (insert into events
        select $1 + n.place, e.tenant_id, replace(e.stream_id, $2, n.id), e.version, e.event_id,
               e.type, e.schema, e.payload, e.metadata, e.recorded_at
        from events e, unnest($3::varchar[]) with ordinality as n(id, place)
        where e.stream_id like '%' || $2 and e.type = 'email.accepted' returning 1)
        select count(*) from done";
    let places =
        "with done as (insert into send_queue (email_id, tenant_id, priority, due_at, pending)
        select n.id, q.tenant_id, q.priority, q.due_at, q.pending
        from send_queue q, unnest($3::varchar[]) as n(id)
        where q.email_id = $2 and $1 >= 0 returning 1)
        select count(*) from done";
    let moved = "with done as (
            update log_head set position = $1 + cardinality($3::varchar[]) where $2 <> '' returning 1)
        select count(*) from done";
    for (statement, rows) in [(facts, count), (places, count), (moved, 1)] {
        let done = sqlx::query_scalar(statement).bind(head).bind(&template).bind(&ids);
        let done: i64 = done.fetch_one(&mut *turn).await.unwrap();
        assert_eq!(usize::try_from(done).unwrap(), rows, "{statement}");
    }
    turn.commit().await.unwrap();
}

#[sqlx::test]
async fn a_mail_leaves_within_a_few_claims_though_others_have_a_hundred_thousand_waiting(
    db: PgPool,
) {
    let relay = TestRelay::start().await;
    // Nobody reads what was projected, and a hundred thousand facts take their time.
    let settings = [("ROLES", "api,delivery"), ("QUEUE_WORKERS", "4"), ("SMTP_TIMEOUT", "600")];
    let app = App::with(&db, &settings).await;
    // Whatever has been claimed waits at the relay until it is let through, so claims can be counted.
    relay.on(Step::End, Act::Wait);
    let many = tenant_by(&app, "many.com", &relay).await;
    let some = tenant_by(&app, "some.com", &relay).await;
    let few = tenant_by(&app, "few.com", &relay).await;
    multiply(&app, &many, 100_000).await;
    multiply(&app, &some, 100).await;
    let mut claims = 4;
    for number in 1..=3 {
        relay.wait_until(|seen| seen.commands("DATA").len() == claims).await;
        few.sends(&few.hello()).await;
        let before = claims;
        loop {
            // One leaves, so one more is claimed.
            relay.go_on();
            claims += 1;
            let seen = relay.wait_until(|seen| seen.commands("DATA").len() == claims).await;
            if seen.commands("MAIL FROM:<hello@few.com>").len() == number {
                break;
            }
            assert!(claims - before < CLAIMS * 3, "{} claims went first", claims - before);
        }
    }
    relay.behave();
    (0..claims).for_each(|_| relay.go_on());
    app.stop().await;
}
