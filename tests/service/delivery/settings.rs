//! How many connections a relay gets, and how many mails a second.

use futures_util::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use super::{change, smtp_with};
use crate::app::App;
use crate::support::relay::{Act, Step, TestRelay};

#[sqlx::test]
async fn a_relay_gets_no_more_connections_than_its_tenant_allows(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    let settings = json!({"smtp": smtp_with(&relay, &json!({"pool_size": 2}))});
    change(&app, &acme, &settings).await;
    let email = acme.hello();
    join_all((0..20).map(|_| acme.sends(&email))).await;
    relay.wait_for_mails(20).await;
    app.settle().await;
    let seen = relay.seen();
    assert!(seen.most_open <= 2, "{}", seen.most_open);
    assert!(seen.connections <= 2, "connections are not used again: {}", seen.connections);
    app.stop().await;
}

#[sqlx::test]
async fn a_relay_gets_no_more_mails_a_second_than_its_tenant_allows(db: PgPool) {
    let (relay, app) = (TestRelay::start().await, App::start(&db).await);
    let acme = app.tenant("acme.com").await;
    // So slow that the second mail's turn does not come in this test.
    let settings = json!({"smtp": smtp_with(&relay, &json!({"messages_per_second": 0.001}))});
    change(&app, &acme, &settings).await;
    acme.sends(&acme.hello()).await;
    relay.wait_for_mails(1).await;
    let second = acme.sends(&acme.hello()).await;
    super::becomes(&acme, &second, "sending").await;
    assert_eq!(relay.mails().len(), 1);
    assert_eq!(relay.seen().commands("MAIL").len(), 1);
    app.stop().await;
}

#[sqlx::test]
async fn the_shared_relay_gets_no_more_connections_than_the_operator_allows(db: PgPool) {
    let relay = TestRelay::start().await;
    let port = relay.port().to_string();
    let settings = [
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", port.as_str()),
        ("SMTP_TLS", "none"),
        ("SMTP_POOL_SIZE", "1"),
    ];
    let app = App::with(&db, &settings).await;
    relay.once(Step::End, Act::Wait);
    let (acme, zeta) = (app.tenant("acme.com").await, app.tenant("zeta.com").await);
    for tenant in [&acme, &zeta, &acme, &zeta] {
        tenant.sends(&tenant.hello()).await;
    }
    relay.wait_until(|seen| !seen.commands("DATA").is_empty()).await;
    relay.go_on();
    relay.wait_for_mails(4).await;
    assert_eq!(relay.seen().most_open, 1);
    app.stop().await;
}
