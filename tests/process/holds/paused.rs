//! A node is paused for longer than its lease, and another has taken its mail meanwhile.

use nix::sys::signal::Signal;
use sqlx::{Connection as _, PgConnection};

use super::killed::{copies, times};
use super::overload::logged;
use crate::rig::{Answer, Home, Postgres, Service, Setup, Tenant, until};
use crate::support::relay::{Act, Seen, Step, TestRelay};

/// Two nodes, a relay that keeps the first one waiting at a step, and the mail that it keeps.
struct Scene {
    _postgres: Postgres,
    _home: Home,
    relay: TestRelay,
    paused: Service,
    other: Service,
    tenant: Tenant,
    id: String,
}

impl Scene {
    /// The first node is paused while it waits; the other has delivered the mail.
    async fn with_a_pause_at(step: Step, act: Act) -> Self {
        let (postgres, home) = (Postgres::start().await, Home::new());
        let relay = TestRelay::start().await;
        relay.once(step, act);
        let setup = Setup::on(&postgres, &home).relay(relay.port()).set("QUEUE_LEASE", "2");
        let paused = setup.serve().await;
        let tenant = paused.tenant("acme.com").await;
        let id = tenant.sends("Hello").await;
        let mails = usize::from(step == Step::End);
        let kept = |seen: &Seen| seen.commands("DATA").len() == 1 && seen.mails.len() == mails;
        relay.wait_until(kept).await;
        paused.signal(Signal::SIGSTOP);
        let other = setup.serve().await;
        let tenant = tenant.at(&other);
        tenant.until_it_is("delivered", &id).await;
        Self { _postgres: postgres, _home: home, relay, paused, other, tenant, id }
    }

    /// The relay answers, the first node wakes up and finds that it has lost the mail.
    async fn goes_on(&self) -> Answer {
        self.relay.go_on();
        self.paused.signal(Signal::SIGCONT);
        until("it has noticed", async || {
            let said = self.paused.said();
            ["given up", "the lease was lost", "another worker has taken it"]
                .iter()
                .any(|words| said.contains(words))
        })
        .await;
        self.tenant.look(&self.id).await
    }

    async fn ends(self) {
        self.paused.stop().await.well();
        self.other.stop().await.well();
    }
}

#[tokio::test]
async fn a_node_that_slept_through_its_lease_does_not_send_what_another_has_sent() {
    let scene = Scene::with_a_pause_at(Step::Data, Act::Wait).await;
    let email = scene.goes_on().await;
    // Its connection is closed without a mail; were one still to come, it would come before that.
    scene.relay.wait_until(|seen| seen.open <= 1).await;
    assert_eq!(copies(&scene.relay.mails(), &scene.id), 1);
    assert_eq!((times(&email, "interrupted"), times(&email, "delivered")), (1, 1));
    scene.ends().await;
}

#[tokio::test]
async fn a_node_that_slept_through_its_lease_cannot_record_an_outcome() {
    let scene = Scene::with_a_pause_at(Step::End, Act::TakeAndWait).await;
    let email = scene.goes_on().await;
    assert_eq!(times(&email, "delivered"), 1, "{}", email.text);
    assert_eq!(times(&email, "interrupted"), 1, "{}", email.text);
    assert_eq!(times(&email, "sending"), 2, "{}", email.text);
    assert_eq!(copies(&scene.relay.mails(), &scene.id), 2, "one from each");
    scene.ends().await;
}

#[tokio::test]
async fn a_node_that_is_paused_in_the_middle_of_its_turn_at_the_log_does_not_keep_it_for_ever() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let setup = Setup::on(&postgres, &home);
    let paused = setup.serve().await;
    let tenant = paused.tenant("acme.com").await;
    tenant.sends("Before").await;
    // Its turn comes when it cannot know any more that it has.
    let mut db = PgConnection::connect(&postgres.url()).await.unwrap();
    let mut turn = db.begin().await.unwrap();
    sqlx::raw_sql("select from log_head for update").execute(&mut *turn).await.unwrap();
    let email = tenant.email("Held");
    let pool = postgres.pool().await;
    let waits = "select exists (select from pg_stat_activity where wait_event_type = 'Lock')";
    let asleep = async {
        until("it waits for its turn", async || {
            sqlx::query_scalar(waits).fetch_one(&pool).await.unwrap()
        })
        .await;
        paused.signal(Signal::SIGSTOP);
        turn.rollback().await.unwrap();
        let other = setup.serve().await;
        tenant.at(&other).sends("Meanwhile").await;
        paused.signal(Signal::SIGCONT);
        other
    };
    let (held, other) = tokio::join!(tenant.caller.post("/v1/send", &email), asleep);
    // Its turn was taken back: it may take another, or ask its caller to.
    assert!([202, 503].contains(&held.status), "{}", held.text);
    tenant.sends("After").await;
    assert_eq!(logged(&postgres).await.len(), 3 + usize::from(held.status == 202));
    pool.close().await;
    paused.stop().await.well();
    other.stop().await.well();
}
