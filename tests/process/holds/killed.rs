//! The service is killed while it takes mail in, and while it hands it over.

use crate::rig::{Answer, Home, Postgres, Setup, Tenant, until};
use crate::support::relay::{Act, Mail, Step, TestRelay};

/// The copies of an email that a relay has; each must have the email's own Message-ID.
pub(crate) fn copies(mails: &[Mail], id: &str) -> usize {
    let own = format!("Message-ID: <{id}@acme.com>");
    mails.iter().filter(|mail| mail.text().lines().any(|line| line == own)).count()
}

/// How often the timeline says that something happened.
pub(crate) fn times(email: &Answer, kind: &str) -> usize {
    let timeline = email.body["timeline"].as_array().unwrap();
    timeline.iter().filter(|moment| moment["type"] == kind).count()
}

/// Sends until the service is killed; what was accepted.
async fn accepted_until_the_end(tenant: &Tenant) -> Vec<String> {
    let mut accepted = Vec::new();
    while let Some(answer) = tenant.caller.try_post("/v1/send", &tenant.email("Hello")).await {
        accepted.push(answer.expect(202).text_at("/id"));
    }
    accepted
}

#[tokio::test]
async fn no_accepted_mail_is_missing_though_the_service_is_killed_again_and_again() {
    let (postgres, home, relay) = (Postgres::start().await, Home::new(), TestRelay::start().await);
    let setup = Setup::on(&postgres, &home).relay(relay.port());
    let mut service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let mut accepted = Vec::new();
    for _ in 0..3 {
        let there = tenant.at(&service);
        let goal = relay.mails().len() + 15;
        let killed = async {
            relay.wait_for_mails(goal).await;
            service.kill();
        };
        let senders =
            futures_util::future::join_all((0..3).map(|_| accepted_until_the_end(&there)));
        let ((), more) = tokio::join!(killed, senders);
        accepted.extend(more.into_iter().flatten());
        service = setup.serve().await;
    }
    let there = tenant.at(&service);
    for id in &accepted {
        let email = there.until_it_is("delivered", id).await;
        let (copies, interrupted) = (copies(&relay.mails(), id), times(&email, "interrupted"));
        assert!(copies >= 1, "{id} is missing");
        assert!(copies <= 1 + interrupted, "{copies} copies of {}", email.text);
        assert_eq!(times(&email, "delivered"), 1, "{}", email.text);
    }
    service.stop().await.well();
}

#[tokio::test]
async fn a_kill_between_the_relays_word_and_its_record_sends_a_copy_that_the_timeline_tells_of() {
    let (postgres, home, relay) = (Postgres::start().await, Home::new(), TestRelay::start().await);
    relay.once(Step::End, Act::TakeAndStall);
    let setup = Setup::on(&postgres, &home).relay(relay.port());
    let service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let id = tenant.sends("Hello").await;
    relay.wait_for_mails(1).await;
    service.kill();

    let service = setup.serve().await;
    let email = tenant.at(&service).until_it_is("delivered", &id).await;
    assert_eq!(copies(&relay.mails(), &id), 2);
    assert_eq!((times(&email, "interrupted"), times(&email, "delivered")), (1, 1));
    service.stop().await.well();
}

#[tokio::test]
async fn mail_waits_for_a_service_that_was_killed_before_it_was_taken_up() {
    let (postgres, home, relay) = (Postgres::start().await, Home::new(), TestRelay::start().await);
    let setup = Setup::on(&postgres, &home).relay(relay.port());
    let service = setup.clone().set("ROLES", "api").serve().await;
    let tenant = service.tenant("acme.com").await;
    let id = tenant.sends("Hello").await;
    service.kill();
    let service = setup.serve().await;
    let email = tenant.at(&service).until_it_is("delivered", &id).await;
    assert_eq!((copies(&relay.mails(), &id), times(&email, "interrupted")), (1, 0));
    until("the relay is left", async || relay.seen().open <= 1).await;
    service.stop().await.well();
}
