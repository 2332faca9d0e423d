//! The whole history as one answer: written piece by piece, whole or visibly broken off.

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

use super::{all, in_the_log, many};
use crate::app::{Answer, App, Caller};

async fn whole(caller: &Caller, path: &str) -> Answer {
    let asked = caller.request(Method::GET, path).header("Accept", "application/x-ndjson");
    caller.send(asked).await
}

fn lines(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is ended too");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[sqlx::test]
async fn it_says_the_same_as_all_pages_together(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    many(&app, &acme, 1_200, 9).await;
    acme.sends(&acme.hello()).await;
    app.settle().await;
    let told = whole(&app.admin(), &acme.path("/events")).await.expect(200);
    assert_eq!(told.header("content-type").as_deref(), Some("application/x-ndjson"));
    assert_eq!(lines(&told.text), all(&app, &acme, "").await);
    assert!(lines(&told.text).len() > 1_200);
    let path = acme.path("/events?type=email.accepted,tenant.renamed&after=100");
    let some = lines(&whole(&app.admin(), &path).await.expect(200).text);
    let mut paged = all(&app, &acme, "type=email.accepted,tenant.renamed").await;
    paged.retain(|event| event["position"].as_str().unwrap().parse::<i64>().unwrap() > 100);
    assert_eq!(some, paged);
    let none = whole(&app.admin(), &acme.path("/events?stream=msg_nobodys")).await.expect(200);
    assert_eq!(none.text, "");
    whole(&acme.caller, "/v1/tenant/events").await.expect(200);
    let refused = whole(&acme.caller, "/v1/tenant/events?limit=10").await.expect(422);
    assert_eq!(refused.faulty_fields(), ["limit"]);
    app.stop().await;
}

#[sqlx::test]
async fn it_ends_at_the_fact_that_was_the_last_when_it_was_asked(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    many(&app, &acme, 1_200, 9).await;
    let before = in_the_log(&app, &acme).await.len();
    let asked = app.admin().request(Method::GET, &acme.path("/events"));
    let answer = asked.header("Accept", "application/x-ndjson").send().await.unwrap();
    // The answer has begun, and its later pieces are not read yet.
    many(&app, &acme, 2_000, 9).await;
    let told = lines(&answer.text().await.unwrap());
    assert_eq!(told.len(), before);
    app.stop().await;
}

#[sqlx::test]
async fn an_answer_that_cannot_be_finished_is_broken_off_and_not_ended(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    many(&app, &acme, 1_200, 9).await;
    // A newer version of the service has written a fact that this one does not know.
    sqlx::query!(
        r#"with head as (update log_head set position = position + 1 returning position)
           insert into events (position, tenant_id, stream_id, version, event_id, type, schema,
                               payload, metadata, recorded_at)
           select position, $1, 'new', 1, gen_random_uuid(), 'new.fact', 1, 'null',
                  '{"actor":"test"}', now() from head"#,
        acme.id,
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let asked = app.admin().request(Method::GET, &acme.path("/events"));
    let answer = asked.header("Accept", "application/x-ndjson").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut pieces = answer.bytes_stream();
    let (mut told, mut broken) = (Vec::new(), false);
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(bytes) => told.extend(bytes),
            Err(_) => broken = true,
        }
    }
    assert!(broken, "it must not look like a whole one");
    assert_eq!(lines(&String::from_utf8(told).unwrap()).len(), 1_000, "two pieces were whole");
    app.stop().await;
}
