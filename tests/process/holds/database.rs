//! Postgres is stopped hard under load and started again.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::rig::{Home, Postgres, Setup, Tenant, until};

/// Who sends one email after the other until it is told to end.
struct Sender<'a> {
    tenant: &'a Tenant,
    enough: &'a AtomicBool,
    accepted: std::sync::Mutex<Vec<String>>,
}

impl Sender<'_> {
    async fn sends(&self) {
        while !self.enough.load(Ordering::SeqCst) {
            let answer = self.tenant.caller.post("/v1/send", &self.tenant.email("Hello")).await;
            match answer.status {
                202 => self.accepted.lock().unwrap().push(answer.text_at("/id")),
                503 => assert!(answer.header("retry-after").is_some(), "{}", answer.text),
                status => panic!("{status}: {}", answer.text),
            }
        }
    }

    fn so_far(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    async fn until_more_are_accepted(&self) {
        let before = self.so_far();
        until("more is accepted", async || self.so_far() > before + 20).await;
    }
}

#[tokio::test]
async fn what_was_accepted_is_in_the_log_once_though_postgres_is_stopped_hard_under_load() {
    let (mut postgres, home) = (Postgres::start().await, Home::new());
    let service = Setup::on(&postgres, &home).set("DB_POOL_TIMEOUT", "2").serve().await;
    let tenant = service.tenant("acme.com").await;
    let enough = AtomicBool::new(false);
    let sender = Sender { tenant: &tenant, enough: &enough, accepted: std::sync::Mutex::default() };
    let trouble = async {
        sender.until_more_are_accepted().await;
        postgres.kill().await;
        postgres.go().await;
        sender.until_more_are_accepted().await;
        postgres.stop_at_once().await;
        postgres.go().await;
        sender.until_more_are_accepted().await;
        enough.store(true, Ordering::SeqCst);
    };
    let senders = futures_util::future::join_all((0..6).map(|_| sender.sends()));
    tokio::join!(trouble, senders);

    let pool = postgres.pool().await;
    let accepted = sender.accepted.lock().unwrap().clone();
    let logged: Vec<String> =
        sqlx::query_scalar("select stream_id from events where type = 'email.accepted'")
            .fetch_all(&pool)
            .await
            .unwrap();
    for id in &accepted {
        let times = logged.iter().filter(|stream| stream.contains(id.as_str())).count();
        assert_eq!(times, 1, "{id} was accepted");
    }
    let gaps: i64 = sqlx::query_scalar(
        "select (select position from log_head) - count(*) + (count(*) - max(position)) from events",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(gaps, 0, "the log has no gaps");
    for id in &accepted {
        tenant.until_it_is("delivered", id).await;
    }
    pool.close().await;
    service.stop().await.well();
}
