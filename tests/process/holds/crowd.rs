//! Callers who hold on to a connection and do nothing with it.

use futures_util::{StreamExt as _, stream};

use super::overload::ENOUGH;
use crate::rig::{Home, Postgres, Service, Setup, Tenant, Wire, open_files, send_head, until};

/// Of each other kind.
const SLOW: usize = 300;

/// So many connections, made a few at a time.
async fn crowd(count: usize, one: impl AsyncFn() -> Wire) -> Vec<Wire> {
    stream::iter(0..count).map(|_| one()).buffer_unordered(64).collect().await
}

/// It has asked, has its answer and may ask again.
async fn idle(service: &Service) -> Wire {
    let mut wire = Wire::to(service).await;
    wire.say(b"GET /livez HTTP/1.1\r\nHost: selfmx\r\n\r\n").await;
    assert_eq!(wire.reply().await.unwrap().status, 200);
    wire
}

async fn with_half_a_head(service: &Service) -> Wire {
    let mut wire = Wire::to(service).await;
    wire.say(b"POST /v1/send HTTP/1.1\r\nHost: self").await;
    wire
}

/// It will never say a word, and listens for ever.
async fn half_open(service: &Service) -> Wire {
    let mut wire = Wire::to(service).await;
    wire.falls_silent().await;
    wire
}

async fn with_half_a_body(service: &Service, tenant: &Tenant) -> Wire {
    let mut wire = Wire::to(service).await;
    wire.say(&send_head(&tenant.token, 1_000)).await;
    wire.say(b"{\"from\": \"hello@").await;
    wire
}

#[tokio::test]
async fn ten_thousand_idle_connections_and_hundreds_of_slow_ones_stop_nobody() {
    let room = open_files().saturating_sub(3 * SLOW + 500);
    let (postgres, home) = (Postgres::start().await, Home::new());
    let service = Setup::on(&postgres, &home).serve().await;
    let tenant = service.tenant("acme.com").await;
    let crowds = [
        crowd(room.min(10_000), async || idle(&service).await).await,
        crowd(SLOW, async || with_half_a_head(&service).await).await,
        crowd(SLOW, async || half_open(&service).await).await,
        crowd(SLOW, async || with_half_a_body(&service, &tenant).await).await,
    ];
    // Whoever comes now has a connection of its own.
    let late = tenant.at(&service);
    let id = late.sends("Hello").await;
    late.until_it_is("delivered", &id).await;
    drop(crowds);
    until("it has let go of the memory", async || service.memory() < ENOUGH).await;
    let id = late.sends("And then").await;
    late.until_it_is("delivered", &id).await;
    service.stop().await.well();
}
