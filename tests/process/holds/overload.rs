//! More requests at once than there is room for.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection};

use crate::rig::{Answer, Home, Postgres, Setup, open_files, until};

/// The service has room for 4096.
const REQUESTS: usize = 4_600;

/// After an overload a service needs no more than this, in MiB.
pub(super) const ENOUGH: usize = 300;

/// The emails that the log holds, by their ids.
pub(crate) async fn logged(postgres: &Postgres) -> Vec<String> {
    let pool = postgres.pool().await;
    let accepted = "select stream_id from events where type = 'email.accepted' order by position";
    let streams: Vec<String> = sqlx::query_scalar(accepted).fetch_all(&pool).await.unwrap();
    pool.close().await;
    streams.iter().map(|stream| stream[stream.find("msg_").unwrap()..].to_owned()).collect()
}

/// True for the refusal of whoever is to come back: its shape is that of every refusal.
fn asks_to_come_back(answer: &Answer) -> bool {
    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    seconds.is_some_and(|seconds| seconds > 0)
        && answer.text_at("/error/code") == "unavailable"
        && !answer.text_at("/error/message").is_empty()
        && !answer.text_at("/error/request_id").is_empty()
}

#[tokio::test]
async fn whom_there_is_no_room_for_is_told_to_come_back_and_everybody_else_is_served() {
    assert!(open_files() > 2 * REQUESTS, "the system allows too few open files");
    let (postgres, home) = (Postgres::start().await, Home::new());
    let service = Setup::on(&postgres, &home).set("ROLES", "api").serve().await;
    let tenant = service.tenant("acme.com").await;
    // Nobody's turn at the log comes while somebody else has it: the house fills.
    let mut db = PgConnection::connect(&postgres.url()).await.unwrap();
    let mut turn = db.begin().await.unwrap();
    sqlx::raw_sql("select from log_head for update").execute(&mut *turn).await.unwrap();
    let (email, refused) = (tenant.email("Hello"), AtomicUsize::new(0));
    let asks = (0..REQUESTS).map(|_| async {
        let answer = tenant.caller.post("/v1/send", &email).await;
        refused.fetch_add(usize::from(answer.status == 503), Ordering::SeqCst);
        answer
    });
    let goes_on = async {
        until("somebody is refused", async || refused.load(Ordering::SeqCst) > 0).await;
        turn.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all(asks), goes_on);

    let mut accepted = HashSet::new();
    for answer in answers {
        if answer.status == 503 {
            assert!(asks_to_come_back(&answer), "{:?}", answer.text);
        } else {
            accepted.insert(answer.expect(202).text_at("/id"));
        }
    }
    assert_eq!(accepted.len() + refused.load(Ordering::SeqCst), REQUESTS, "each mail has its id");
    let logged = logged(&postgres).await;
    assert_eq!(logged.len(), accepted.len(), "each is in the log once");
    assert_eq!(logged.into_iter().collect::<HashSet<_>>(), accepted);
    let id = tenant.sends("And then").await;
    assert_eq!(tenant.look(&id).await.text_at("/status"), "queued");
    until("it has let go of the memory", async || service.memory() < ENOUGH).await;
    service.stop().await.well();
}
