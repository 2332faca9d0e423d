//! No tenant's mail waits for another's: neither for its multitude nor for its relay.

use futures_util::{StreamExt as _, stream};
use sqlx::PgPool;

use super::{becomes, tenant_by};
use crate::app::{App, Tenant};
use crate::support::relay::{Act, Step, TestRelay};

/// Sends so many plain mails.
async fn send_many(tenant: &Tenant, count: usize) {
    let email = tenant.hello();
    let sent = stream::iter(0..count).map(|_| tenant.sends(&email)).buffer_unordered(64);
    assert_eq!(sent.count().await, count);
}

#[sqlx::test]
async fn one_mail_of_a_tenant_leaves_at_once_though_another_has_a_thousand_waiting(db: PgPool) {
    let relay = TestRelay::start().await;
    let app = App::with(&db, &[("QUEUE_WORKERS", "2")]).await;
    let many = tenant_by(&app, "many.com", &relay).await;
    let one = tenant_by(&app, "one.com", &relay).await;
    relay.on(Step::End, Act::Wait);
    send_many(&many, 1_000).await;
    relay.wait_until(|seen| !seen.commands("DATA").is_empty()).await;
    one.sends(&one.hello()).await;
    relay.behave();
    relay.go_on();
    let seen = relay.wait_until(|seen| seen.mails.iter().any(|mail| mail.from == "hello@one.com"));
    let mails = seen.await.mails;
    let place = mails.iter().position(|mail| mail.from == "hello@one.com").unwrap();
    assert!(place <= 5, "{place} mails of another tenant went first");
    app.stop().await;
}

#[sqlx::test]
async fn a_relay_that_hangs_does_not_stop_anothers_mail(db: PgPool) {
    let (hangs, well) = (TestRelay::start().await, TestRelay::start().await);
    let app = App::with(&db, &[("QUEUE_WORKERS", "4"), ("SMTP_TIMEOUT", "600")]).await;
    hangs.on(Step::Greeting, Act::Stall);
    let stuck = tenant_by(&app, "stuck.com", &hangs).await;
    let free = tenant_by(&app, "free.com", &well).await;
    send_many(&stuck, 20).await;
    hangs.wait_until(|seen| seen.open >= 1).await;
    let email = free.sends(&free.hello()).await;
    becomes(&free, &email, "delivered").await;
    assert_eq!(hangs.mails(), []);
    app.stop().await;
}

#[sqlx::test]
async fn several_relays_that_hang_do_not_stop_anothers_mail(db: PgPool) {
    let (hangs, well) = (TestRelay::start().await, TestRelay::start().await);
    let app = App::with(&db, &[("QUEUE_WORKERS", "8"), ("SMTP_TIMEOUT", "600")]).await;
    hangs.on(Step::Greeting, Act::Stall);
    for domain in ["one.com", "two.com", "three.com"] {
        let stuck = tenant_by(&app, domain, &hangs).await;
        send_many(&stuck, 8).await;
    }
    hangs.wait_until(|seen| seen.open >= 3).await;
    let free = tenant_by(&app, "free.com", &well).await;
    let email = free.sends(&free.hello()).await;
    becomes(&free, &email, "delivered").await;
    app.stop().await;
}
