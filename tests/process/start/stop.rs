//! The end of a service: clean, complete and bounded.

use crate::rig::{Home, Setup, until};
use crate::support::relay::{Act, Step, TestRelay};

#[tokio::test]
async fn mail_on_the_wire_to_a_stalled_relay_does_not_keep_a_service_from_ending() {
    let (home, relay) = (Home::new(), TestRelay::start().await);
    relay.once(Step::End, Act::Stall);
    let setup = Setup::new(&home).relay(relay.port());
    let service = setup.serve().await;
    let tenant = service.tenant("acme.com").await;
    let email = tenant.sends("Hello").await;
    relay.wait_until(|seen| seen.commands("DATA").len() == 1).await;
    service.stop().await.well();
    assert_eq!(home.postmaster(), None);

    // Its lease was given back, so that nobody waits for it to run out.
    let service = setup.serve().await;
    let mail = tenant.at(&service).until_it_is("delivered", &email).await;
    assert!(mail.text.contains("interrupted"), "{}", mail.text);
    service.stop().await.well();
}

#[tokio::test]
async fn requests_that_are_under_way_are_answered_before_the_end() {
    let home = Home::new();
    let service = Setup::new(&home).serve().await;
    let tenant = service.tenant("acme.com").await;
    let requests: Vec<_> = (0..20).map(|number| tenant.email(&number.to_string())).collect();
    let asked = futures_util::future::join_all(requests.iter().map(async |email| {
        tenant.caller.try_post("/v1/send", email).await.map(|answer| answer.status)
    }));
    let (answers, ended) = tokio::join!(asked, async {
        until("the first is in the queue", async || {
            tenant.caller.get("/v1/emails").await.number_at("/pagination/total") > 0
        })
        .await;
        service.stop().await.well()
    });
    for status in answers.into_iter().flatten() {
        assert!([202, 503].contains(&status), "{status}: {}", ended.out);
    }
}

#[tokio::test]
async fn a_reader_of_the_log_that_has_stalled_does_not_keep_a_service_from_ending() {
    let home = Home::new();
    let setup = Setup::new(&home).unread().set("LOG_FORMAT", "json").set("LOG_LEVEL", "debug");
    let service = setup.serve().await;
    for _ in 0..100 {
        // Each leaves some lines, and all of them more than a pipe holds.
        service.admin().get("/v1/tenants").await.expect(200);
    }
    service.stop().await.well();
    assert_eq!(home.postmaster(), None);
}
