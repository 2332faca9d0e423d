//! What the DNS says of a domain, and what it does not say any more.

use sqlx::PgPool;

use super::{add, asking, facts, publish, record, shown, statuses, verified, verify};
use crate::app::until;
use crate::support::name_server::TestNameServer;

#[sqlx::test]
async fn both_keys_verify_a_domain_and_each_record_is_told(db: PgPool) {
    let dns = TestNameServer::start().await;
    let app = asking(&db, &dns, &[("RETURN_PATH_DOMAIN", "bounce.example.net")]).await;
    let acme = app.tenant("acme.com").await;
    let added = add(&acme, "acme.org").await;
    let id = added.text_at("/id");
    let nothing = verify(&acme, &id).await;
    assert_eq!(nothing.text_at("/status"), "pending");
    assert!(statuses(&nothing).iter().all(|(_, status)| status == "missing"));
    publish(&dns, &added, "dkim_rsa");
    dns.add_text("acme.org", "v=spf1 mx include:bounce.example.net -all");
    dns.add_text("acme.org", "some other text");
    assert_eq!(verify(&acme, &id).await.text_at("/status"), "pending");
    publish(&dns, &added, "dkim_ed25519");
    publish(&dns, &added, "return_path");
    let done = verify(&acme, &id).await;
    assert_eq!(done.text_at("/status"), "verified");
    let wanted = [
        ("dkim_rsa", "found"),
        ("dkim_ed25519", "found"),
        ("spf", "found"),
        ("dmarc", "missing"),
        ("return_path", "found"),
    ];
    assert_eq!(statuses(&done), wanted.map(|(p, s)| (p.to_owned(), s.to_owned())));
    let told = facts(&app, &id).await;
    let failed = "domain.verification_failed";
    assert_eq!(told, ["domain.added", failed, failed, "domain.verified"]);
    // Asked again, there is no news.
    verify(&acme, &id).await;
    assert_eq!(facts(&app, &id).await, told);
    app.stop().await;
}

#[sqlx::test]
async fn a_record_that_is_lost_is_noticed_by_itself_and_so_is_its_return(db: PgPool) {
    let dns = TestNameServer::start().await;
    let app = asking(&db, &dns, &[]).await;
    let acme = app.tenant("acme.com").await;
    let domain = verified(&acme, &dns, "acme.org").await;
    let id = domain.text_at("/id");
    let name = record(&domain, "dkim_rsa")["name"].as_str().unwrap().to_owned();
    dns.remove(&name);
    app.advance(60 * 60 + 1);
    until("the loss is noticed", async || shown(&acme, &id).await.text_at("/status") == "lost")
        .await;
    assert_eq!(record(&shown(&acme, &id).await, "dkim_rsa")["status"], "lost");
    publish(&dns, &domain, "dkim_rsa");
    app.advance(60 * 60 + 1);
    let back = async || shown(&acme, &id).await.text_at("/status") == "verified";
    until("its return is noticed", back).await;
    let told = ["domain.added", "domain.verified", "domain.record_lost", "domain.verified"];
    assert_eq!(facts(&app, &id).await, told);
    app.stop().await;
}

#[sqlx::test]
async fn a_name_server_that_fails_loses_nothing(db: PgPool) {
    let dns = TestNameServer::start().await;
    let app = asking(&db, &dns, &[]).await;
    let acme = app.tenant("acme.com").await;
    let domain = verified(&acme, &dns, "acme.org").await;
    let id = domain.text_at("/id");
    dns.fail(record(&domain, "dkim_rsa")["name"].as_str().unwrap());
    let troubled = verify(&acme, &id).await;
    assert_eq!(troubled.text_at("/status"), "verified");
    assert!(troubled.text_at("/trouble").contains("could not be looked up"));
    assert_eq!(facts(&app, &id).await, ["domain.added", "domain.verified"]);
    app.stop().await;
}
