//! The table: each route, who may ask it, with which body, and what the right caller is answered.

use serde_json::{Value, json};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Everybody.
    Nothing,
    /// An admin.
    Admin,
    /// An admin; the path names a tenant, and for others than its own keys there is none.
    AdminOfTenant,
    /// A tenant's key with any one of these permissions, or with whichever if none is named.
    Tenant(&'static [&'static str]),
    /// Such a key, or an admin who names the tenant as this says.
    Either(&'static [&'static str], Names),
}

/// How an admin names the tenant on a route for tenants' keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// By `?tenant_id=`.
    InQuery,
    /// By `tenant_id` in the body.
    InBody,
    /// Not at all: the answer is about all tenants.
    Never,
}

/// A route.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What must stand after its path: nothing, or a query.
    pub(super) query: &'static str,
    pub(crate) needs: Needs,
    /// What the right caller is answered.
    pub(super) status: u16,
    pub(crate) body: Option<Value>,
}

const SEE_EMAILS: Needs = Needs::Tenant(&["send", "emails:read"]);
const SEND: Needs = Needs::Tenant(&["send"]);
const AUDIT: Needs = Needs::Either(&["*"], Names::Never);
const SEE_DOMAINS: Needs = Needs::Tenant(&["domains:read", "domains:write"]);
const CHANGE_DOMAINS: Needs = Needs::Tenant(&["domains:write"]);
const CHANGE_KEYS: &[&str] = &["api-keys:write"];

fn route(method: &'static str, path: &'static str, needs: Needs, status: u16) -> Route {
    Route { method, path, query: "", needs, status, body: None }
}

impl Route {
    fn asking(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// All routes. `FROM` stands for a sender of the tenant's, `NEW` for a domain that nobody has.
pub(crate) fn routes() -> Vec<Route> {
    let email = || json!({"from": "FROM", "to": "ann@example.org", "subject": "Hi", "text": "Hi"});
    let key = || json!({"name": "New", "permissions": ["api-keys:write"]});
    let (tenants, tenant) = ("/v1/tenants", "/v1/tenants/{id}");
    let mut all = of_tenants_things(&email, &key);
    all.extend(of_webhooks());
    all.extend([
        route("GET", "/health", Needs::Nothing, 200),
        route("GET", "/livez", Needs::Nothing, 200),
        route("GET", "/readyz", Needs::Nothing, 200),
        route("GET", "/metrics", Needs::Nothing, 200),
        route("GET", "/dev/outbox", Needs::Admin, 200),
        route("GET", "/dev/outbox/{id}", Needs::Admin, 200),
        route("DELETE", "/dev/outbox", Needs::Admin, 204),
        route("POST", tenants, Needs::Admin, 201).with(json!({"name": "New", "domain": "NEW"})),
        route("GET", tenants, Needs::Admin, 200),
        route("GET", tenant, Needs::AdminOfTenant, 200),
        route("PUT", tenant, Needs::AdminOfTenant, 200).with(json!({"name": "Other"})),
        route("PATCH", tenant, Needs::AdminOfTenant, 200).with(json!({"name": "Other"})),
        route("DELETE", tenant, Needs::AdminOfTenant, 200),
        route("GET", "/v1/tenant", Needs::Tenant(&[]), 200),
        route("GET", "/v1/api-keys", Needs::Either(SEE_KEYS, Names::InQuery), 200),
        route("POST", "/v1/api-keys", Needs::Either(CHANGE_KEYS, Names::InBody), 201).with(key()),
        route("DELETE", "/v1/api-keys/{key_id}", Needs::Either(CHANGE_KEYS, Names::InQuery), 200),
        route("POST", ROTATE, Needs::Either(CHANGE_KEYS, Names::InQuery), 201).with(json!({})),
        route("POST", "/v1/send", SEND, 202).with(email()),
        route("GET", "/v1/emails", SEE_EMAILS, 200),
        route("GET", "/v1/emails/{id}", SEE_EMAILS, 200),
        route("DELETE", "/v1/emails/{id}", SEND, 200),
        // It waits.
        route("DELETE", "/v1/emails/{id}/content", SEND, 409),
        route("GET", "/v1/logs", Needs::Tenant(&["logs:read"]), 200),
        route("POST", "/v1/test-smtp", SEND, 200),
        route("GET", "/v1/tenant/events", Needs::Tenant(&["*"]), 200),
        route("GET", "/v1/usage", Needs::Either(&["usage:read"], Names::Never), 200),
        route("GET", "/v1/tenant/export", Needs::Tenant(&["*"]), 200),
        route("GET", "/v1/audit/key", AUDIT, 200),
        route("GET", "/v1/audit/checkpoint", AUDIT, 200),
        route("GET", "/v1/audit/proof/inclusion", AUDIT, 200).asking("?position={position}"),
        route("GET", "/v1/audit/proof/consistency", AUDIT, 200).asking("?first=1"),
        // Whoever reads a mail has no key: only what we signed leads anywhere.
        route("GET", "/t/o/{token}", Needs::Nothing, 404),
        route("GET", "/t/c/{token}", Needs::Nothing, 404),
        route("POST", "/v1/send/batch", SEND, 202).with(json!({"messages": [email()]})),
        route("GET", "/v1/domains", SEE_DOMAINS, 200),
        route("POST", "/v1/domains", CHANGE_DOMAINS, 201).with(json!({"name": "NEW"})),
        route("GET", "/v1/domains/{domain_id}", SEE_DOMAINS, 200),
        route("DELETE", "/v1/domains/{domain_id}", CHANGE_DOMAINS, 200),
        route("POST", "/v1/domains/{domain_id}/verify", CHANGE_DOMAINS, 200),
    ]);
    all.extend(of_suppressions());
    all.extend(of_templates());
    all
}

fn of_suppressions() -> [Route; 4] {
    let see = Needs::Tenant(&["suppressions:read", "suppressions:write"]);
    let change = Needs::Tenant(&["suppressions:write"]);
    let address = json!({"address": "new@example.org"});
    [
        route("GET", "/v1/suppressions", see, 200),
        route("POST", "/v1/suppressions", change, 201).with(address),
        route("GET", "/v1/suppressions/{address}", see, 200),
        route("DELETE", "/v1/suppressions/{address}", change, 204),
    ]
}

const SEE_KEYS: &[&str] = &["api-keys:read", "api-keys:write"];
const ROTATE: &str = "/v1/api-keys/{key_id}/rotate";

/// What a tenant's emails are made of.
fn of_templates() -> Vec<Route> {
    let see = |method, path| route(method, path, Needs::Tenant(SEE_TEMPLATES), 200);
    let change =
        |method, path, status| route(method, path, Needs::Tenant(CHANGE_TEMPLATES), status);
    let (all, one) = ("/v1/templates", "/v1/templates/{id}");
    vec![
        see("GET", all),
        change("POST", all, 201).with(json!({"name": "new", "text": "Hi"})),
        see("GET", one),
        change("PUT", one, 200).with(json!({"text": "Hello"})),
        change("PATCH", one, 200).with(json!({"text": "Hello"})),
        change("DELETE", one, 200),
        see("GET", "/v1/templates/{id}/versions"),
        see("POST", "/v1/templates/{id}/preview").with(json!({"template_data": {"name": "Ann"}})),
    ]
}

const SEE_TEMPLATES: &[&str] = &["templates:read", "templates:write"];
const CHANGE_TEMPLATES: &[&str] = &["templates:write"];

/// What lies under `/v1/tenants/{id}/`.
fn of_tenants_things(email: &dyn Fn() -> Value, key: &dyn Fn() -> Value) -> Vec<Route> {
    let admin = |method, path, status| route(method, path, Needs::AdminOfTenant, status);
    vec![
        admin("POST", "/v1/tenants/{id}/suspend", 200),
        admin("POST", "/v1/tenants/{id}/resume", 200),
        admin("POST", "/v1/tenants/{id}/test-smtp", 200),
        admin("GET", "/v1/tenants/{id}/usage", 200),
        admin("GET", "/v1/tenants/{id}/events", 200),
        admin("GET", "/v1/tenants/{id}/export", 200),
        admin("GET", "/v1/tenants/{id}/api-keys", 200),
        admin("POST", "/v1/tenants/{id}/api-keys", 201).with(key()),
        admin("DELETE", "/v1/tenants/{id}/api-keys/{key_id}", 200),
        admin("POST", "/v1/tenants/{id}/api-keys/{key_id}/rotate", 201).with(json!({})),
        admin("POST", "/v1/tenants/{id}/send", 202).with(email()),
        admin("GET", "/v1/tenants/{id}/emails", 200),
        admin("GET", "/v1/tenants/{id}/emails/{email_id}", 200),
        admin("DELETE", "/v1/tenants/{id}/emails/{email_id}", 200),
        admin("DELETE", "/v1/tenants/{id}/emails/{email_id}/content", 409),
        admin("POST", "/v1/tenants/{id}/send/batch", 202).with(json!({"messages": [email()]})),
    ]
}

const SEE_WEBHOOKS: Needs = Needs::Tenant(&["webhooks:read", "webhooks:write"]);
const CHANGE_WEBHOOKS: Needs = Needs::Tenant(&["webhooks:write"]);

fn of_webhooks() -> Vec<Route> {
    let (all, one) = ("/v1/webhooks", "/v1/webhooks/{id}");
    let new = json!({"url": "http://127.0.0.1:9/other", "events": ["*"]});
    let retry = "/v1/webhooks/{id}/logs/{delivery_id}/retry";
    vec![
        route("POST", all, CHANGE_WEBHOOKS, 201).with(new),
        route("GET", all, SEE_WEBHOOKS, 200),
        route("GET", one, SEE_WEBHOOKS, 200),
        route("PUT", one, CHANGE_WEBHOOKS, 200).with(json!({"active": false})),
        route("PATCH", one, CHANGE_WEBHOOKS, 200).with(json!({"active": false})),
        route("DELETE", one, CHANGE_WEBHOOKS, 200),
        route("POST", "/v1/webhooks/{id}/rotate-secret", CHANGE_WEBHOOKS, 200).with(json!({})),
        route("POST", "/v1/webhooks/{id}/test", CHANGE_WEBHOOKS, 200),
        route("GET", "/v1/webhooks/{id}/logs", SEE_WEBHOOKS, 200),
        route("POST", retry, CHANGE_WEBHOOKS, 200),
    ]
}
