//! To whom mail does not go: the list, and what keeps to it.

mod departure;
mod list;

use serde_json::json;

use crate::app::{App, Tenant, until};
use crate::support::relay::TestRelay;

/// A tenant whose mail goes by this relay of its own.
async fn tenant_by(app: &App, domain: &str, relay: &TestRelay) -> Tenant {
    let tenant = app.tenant(domain).await;
    let smtp = json!({"host": "127.0.0.1", "port": relay.port(), "tls": "none"});
    app.admin().patch(&tenant.path(""), &json!({"smtp": smtp})).await.expect(200);
    tenant
}

/// Puts an address on a tenant's list.
async fn suppress(tenant: &Tenant, address: &str) {
    tenant.caller.post("/v1/suppressions", &json!({"address": address})).await.expect(201);
}

/// Waits until an address is on a tenant's list, and says why.
async fn becomes_suppressed(tenant: &Tenant, address: &str) -> String {
    let path = format!("/v1/suppressions/{address}");
    until(&format!("{address} is suppressed"), async || {
        tenant.caller.get(&path).await.status == 200
    })
    .await;
    tenant.caller.get(&path).await.text_at("/reason")
}

/// Waits until the log was searched to its end.
async fn searched(app: &App) {
    until("the log was searched for bounces", async || {
        let so = "select (select position from suppression_cursor)
                       = (select position from log_head)";
        sqlx::query_scalar::<_, bool>(so).fetch_one(&app.pool).await.unwrap()
    })
    .await;
}
