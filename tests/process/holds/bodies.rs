//! More bodies at once than there is room for.

use futures_util::future::join_all;
use serde_json::Value;

use super::overload::{ENOUGH, logged};
use crate::rig::{Home, Postgres, Service, Setup, Tenant, Wire, send_head, until};

/// The service has room for 256 MiB of bodies.
const LARGE: usize = 30 * 1024 * 1024;
const FIT: usize = 8;

/// An email that is mostly blanks before its beginning, as JSON allows.
fn large(tenant: &Tenant) -> Vec<u8> {
    let email = tenant.email("Large").to_string();
    let mut body = vec![b' '; LARGE - email.len()];
    body.extend(email.bytes());
    body
}

/// All but the last byte of a large request.
async fn almost(service: &Service, tenant: &Tenant) -> Wire {
    let mut wire = Wire::to(service).await;
    wire.say(&send_head(&tenant.token, LARGE)).await;
    let body = large(tenant);
    assert!(wire.say(&body[..LARGE - 1]).await);
    wire
}

#[tokio::test]
async fn large_bodies_beyond_the_room_for_them_are_refused_and_small_ones_pass() {
    let (postgres, home) = (Postgres::start().await, Home::new());
    let service = Setup::on(&postgres, &home).set("ROLES", "api").serve().await;
    let tenant = service.tenant("acme.com").await;
    let mut held = join_all((0..FIT).map(|_| almost(&service, &tenant))).await;
    let mut accepted = Vec::new();
    let over = (0..3).map(|_| async {
        // Nobody knows how much of the others has been read by now: at last one is too much.
        let mut wire = Wire::to(&service).await;
        wire.say(&send_head(&tenant.token, LARGE)).await;
        wire.say(&large(&tenant)).await;
        wire.reply().await.expect("an answer, also for whom there is no room")
    });
    let replies = join_all(over).await;
    let refused = replies.iter().filter(|reply| reply.status == 503);
    assert!(refused.clone().count() > 0, "{replies:?}");
    assert!(refused.clone().all(|reply| reply.head.contains("\r\nretry-after: ")), "{replies:?}");
    accepted.push(tenant.sends("Small").await);
    // One makes an end of it, the others go away; their room is free again.
    let mut last = held.pop().unwrap();
    drop(held);
    last.say(b"}").await;
    let last = last.reply().await.unwrap();
    assert_eq!(last.status, 202, "{last:?}");
    for reply in replies.into_iter().chain([last]) {
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        match reply.status {
            202 => accepted.push(body["id"].as_str().unwrap().to_owned()),
            503 => assert_eq!(body["error"]["code"], "unavailable"),
            status => panic!("{status}: {body}"),
        }
    }
    let mut logged = logged(&postgres).await;
    logged.sort();
    accepted.sort();
    assert_eq!(logged, accepted);
    tenant.sends("And then").await;
    until("it has let go of the memory", async || {
        tenant.caller.get("/v1/emails").await.expect(200);
        service.memory() < ENOUGH
    })
    .await;
    service.stop().await.well();
}
