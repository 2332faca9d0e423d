//! Bounces by a name of the sender's own domain, for as long as the record for it stands.

use serde_json::json;
use sqlx::PgPool;

use super::{BOUNCE, Reporter, about, becomes, tenant_by};
use crate::app::{App, Tenant, until};
use crate::domains::{add, publish, record, shown, verified, verify};
use crate::support::name_server::TestNameServer;
use crate::support::relay::TestRelay;

/// A service that takes in reports and asks this name server.
async fn listening(db: &PgPool, dns: &TestNameServer) -> App {
    let servers = dns.address();
    let settings = [
        ("RETURN_PATH_DOMAIN", "bounce.example.net"),
        ("BOUNCE_LISTEN", "127.0.0.1:0"),
        ("DNS_SERVERS", servers.as_str()),
    ];
    App::with(db, &settings).await
}

/// Sends a mail from this address; its id, and where its bounces go.
async fn sent(tenant: &Tenant, relay: &TestRelay, from: &str) -> (String, String) {
    let before = relay.mails().len();
    let email = tenant.sends(&tenant.hello_with(&json!({"from": from}))).await;
    becomes(tenant, &email, "delivered").await;
    (email, relay.wait_for_mails(before + 1).await[before].from.clone())
}

/// After the `@`.
fn domain(path: &str) -> &str {
    path.split_once('@').unwrap().1
}

#[sqlx::test]
async fn a_verified_domain_with_the_record_has_bounces_of_its_own_until_the_record_is_lost(
    db: PgPool,
) {
    let (dns, relay) = (TestNameServer::start().await, TestRelay::start().await);
    let app = listening(&db, &dns).await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let seen = async |from: &str| sent(&acme, &relay, from).await.1;
    let added = add(&acme, "acme.com").await;
    let id = added.text_at("/id");
    publish(&dns, &added, "return_path");
    verify(&acme, &id).await;
    assert_eq!(domain(&seen("hello@acme.com").await), "bounce.example.net", "not verified yet");
    publish(&dns, &added, "dkim_rsa");
    publish(&dns, &added, "dkim_ed25519");
    verify(&acme, &id).await;
    assert_eq!(domain(&seen("hello@acme.com").await), "bounces.acme.com");
    verified(&acme, &dns, "acme.org").await;
    assert_eq!(domain(&seen("hello@acme.org").await), "bounce.example.net", "has no such record");
    dns.remove(record(&added, "return_path")["name"].as_str().unwrap());
    app.advance(60 * 60 + 1);
    let status = async || record(&shown(&acme, &id).await, "return_path")["status"].clone();
    until("the loss is noticed", async || status().await == "lost").await;
    assert_eq!(shown(&acme, &id).await.text_at("/status"), "verified");
    assert_eq!(domain(&seen("hello@acme.com").await), "bounce.example.net");
    publish(&dns, &added, "return_path");
    verify(&acme, &id).await;
    assert_eq!(domain(&seen("hello@acme.com").await), "bounces.acme.com");
    app.stop().await;
}

#[sqlx::test]
async fn a_report_to_a_senders_own_domain_counts_even_when_that_is_given_up(db: PgPool) {
    let (dns, relay) = (TestNameServer::start().await, TestRelay::start().await);
    let app = listening(&db, &dns).await;
    let acme = tenant_by(&app, "acme.com", &relay).await;
    let added = add(&acme, "acme.com").await;
    for purpose in ["return_path", "dkim_rsa", "dkim_ed25519"] {
        publish(&dns, &added, purpose);
    }
    let id = added.text_at("/id");
    verify(&acme, &id).await;
    let (first, first_path) = sent(&acme, &relay, "hello@acme.com").await;
    let (second, second_path) = sent(&acme, &relay, "hello@acme.com").await;
    assert_eq!([&first_path, &second_path].map(|path| domain(path)), ["bounces.acme.com"; 2]);
    let bounce = about(BOUNCE, "ann@example.org");
    let mut reporter = Reporter::calls(app.bounces()).await;
    assert_eq!(reporter.reports(&first_path, &bounce).await, "250 2.0.0 noted");
    becomes(&acme, &first, "bounced").await;
    assert_eq!(acme.email(&second).await.text_at("/status"), "delivered", "it is the other's");
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    assert_eq!(reporter.reports(&second_path, &bounce).await, "250 2.0.0 noted");
    becomes(&acme, &second, "bounced").await;
    app.stop().await;
}
