//! Mail that waited while its sender's domain was given up or lost.

use serde_json::json;
use sqlx::PgPool;

use super::{add, asking, publish, record, verified, verify};
use crate::app::{Answer, App, Tenant, until};
use crate::support::name_server::TestNameServer;

/// Has a mail wait for an hour.
async fn waiting(tenant: &Tenant, from: &str) -> String {
    let later = json!({"from": from, "scheduled_at": "2024-01-15T11:30:00Z"});
    tenant.sends(&tenant.hello_with(&later)).await
}

async fn becomes(tenant: &Tenant, email: &str, status: &str) -> Answer {
    until(&format!("{email} is {status}"), async || {
        tenant.email(email).await.text_at("/status") == status
    })
    .await;
    tenant.email(email).await
}

#[sqlx::test]
async fn from_a_domain_that_was_given_up_nothing_leaves(db: PgPool) {
    let app = App::start(&db).await;
    let (acme, other) = (app.tenant("acme.com").await, app.tenant("other.com").await);
    let id = add(&acme, "acme.org").await.text_at("/id");
    let email = waiting(&acme, "a@acme.org").await;
    let own = waiting(&acme, "a@acme.com").await;
    acme.caller.delete(&format!("/v1/domains/{id}")).await.expect(200);
    add(&other, "acme.org").await;
    app.advance(3_600);
    let failed = becomes(&acme, &email, "failed").await;
    assert_eq!(failed.text_at("/last_error"), "its tenant has not the domain acme.org any more");
    becomes(&acme, &own, "delivered").await;
    assert_eq!(app.outbox().await.len(), 1);
    app.stop().await;
}

#[sqlx::test]
async fn from_a_domain_that_was_lost_mail_waits_until_it_is_back(db: PgPool) {
    let dns = TestNameServer::start().await;
    let app = asking(&db, &dns, &[("REQUIRE_VERIFIED_DOMAINS", "true")]).await;
    let acme = app.tenant("acme.com").await;
    let domain = verified(&acme, &dns, "acme.com").await;
    let id = domain.text_at("/id");
    let email = waiting(&acme, "a@acme.com").await;
    let name = record(&domain, "dkim_rsa")["name"].as_str().unwrap().to_owned();
    dns.remove(&name);
    assert_ne!(verify(&acme, &id).await.text_at("/status"), "verified");
    app.advance(3_600);
    until("it was tried", async || {
        let shown = acme.email(&email).await;
        shown.text_at("/status") == "queued" && shown.number_at("/attempts") == 1
    })
    .await;
    let put_off = acme.email(&email).await;
    let reason = "the domain acme.com is not verified at present";
    assert_eq!(put_off.text_at("/last_error"), reason);
    publish(&dns, &domain, "dkim_rsa");
    assert_eq!(verify(&acme, &id).await.text_at("/status"), "verified");
    app.advance(60);
    becomes(&acme, &email, "delivered").await;
    app.stop().await;
}
