//! A relay that does everything that relays do.

use super::killed::{copies, times};
use crate::rig::{Home, Postgres, Service, Setup, Tenant};
use crate::support::relay::{Act, Step, TestRelay};

struct Scene {
    _postgres: Postgres,
    _home: Home,
    relay: TestRelay,
    service: Service,
    tenant: Tenant,
}

impl Scene {
    async fn new() -> Self {
        let (postgres, home) = (Postgres::start().await, Home::new());
        let relay = TestRelay::start().await;
        let service = Setup::on(&postgres, &home)
            .relay(relay.port())
            .set("SMTP_TIMEOUT", "1")
            .set("QUEUE_RETRY_DELAY", "0")
            .serve()
            .await;
        let tenant = service.tenant("acme.com").await;
        Self { _postgres: postgres, _home: home, relay, service, tenant }
    }
}

#[tokio::test]
async fn what_a_relay_does_not_take_now_it_takes_later() {
    let scene = Scene::new().await;
    // How it behaves the first time, and how many copies it has in the end.
    let manners = [
        (Step::Greeting, Act::Drop, 1),
        (Step::Greeting, Act::say("421 4.3.2 too busy"), 1),
        (Step::Mail, Act::say("451 4.3.0 not now"), 1),
        (Step::Data, Act::say("421 4.3.2 closing"), 1),
        (Step::Data, Act::Stall, 1),
        (Step::End, Act::say("452 4.3.1 disk full"), 1),
        // It has the mail and nobody knows: at least once means twice here.
        (Step::End, Act::TakeAndDrop, 2),
        (Step::End, Act::TakeAndStall, 2),
    ];
    for (step, act, wanted) in manners {
        scene.relay.behave();
        scene.relay.once(step, act.clone());
        // A kept connection would not be greeted: it is given up by a mail that cannot be sent on it.
        if step == Step::Greeting {
            scene.relay.once(Step::Mail, Act::Drop);
        }
        let id = scene.tenant.sends("Hello").await;
        let email = scene.tenant.until_it_is("delivered", &id).await;
        let copies = copies(&scene.relay.mails(), &id);
        assert_eq!(copies, wanted, "{step:?} {act:?}: {}", email.text);
        let ambiguous = email.text.contains(r#""may_have_arrived":true"#);
        assert_eq!(ambiguous, wanted == 2, "{step:?} {act:?}: {}", email.text);
    }
    scene.service.stop().await.well();
}

#[tokio::test]
async fn one_recipient_who_is_refused_does_not_keep_the_others_from_their_mail() {
    let scene = Scene::new().await;
    scene.relay.refuse("bob@example.org", "550 5.1.1 no such user");
    let to = ["ann@example.org", "bob@example.org", "cy@example.org"];
    let email = scene.tenant.email_to("Hello", &to);
    let id = scene.tenant.caller.post("/v1/send", &email).await.expect(202).text_at("/id");
    scene.relay.wait_for_mails(1).await;
    crate::rig::until("everybody has an outcome", async || {
        let email = scene.tenant.look(&id).await;
        (times(&email, "delivered"), times(&email, "bounced")) == (2, 1)
    })
    .await;
    let mails = scene.relay.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["ann@example.org", "cy@example.org"]);
    scene.service.stop().await.well();
}
