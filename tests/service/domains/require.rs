//! Where the operator wants it, mail leaves only from domains that are verified.

use serde_json::json;
use sqlx::PgPool;

use super::{add, asking, verified};
use crate::support::name_server::TestNameServer;

#[sqlx::test]
async fn an_unverified_domain_sends_nothing_where_that_is_required(db: PgPool) {
    let dns = TestNameServer::start().await;
    let app = asking(&db, &dns, &[("REQUIRE_VERIFIED_DOMAINS", "true")]).await;
    let acme = app.tenant("acme.com").await;
    let refused = acme.caller.post("/v1/send", &acme.hello()).await.expect(403);
    assert_eq!(refused.code(), "domain_not_verified");
    assert!(refused.text.contains("acme.com is not verified"), "{}", refused.text);
    let from = acme.hello_with(&json!({"from": "a@acme.org"}));
    add(&acme, "acme.org").await;
    acme.caller.post("/v1/send", &from).await.expect(403);
    verified(&acme, &dns, "acme.com").await;
    acme.sends(&acme.hello()).await;
    acme.caller.post("/v1/send", &from).await.expect(403);
    app.stop().await;
}
